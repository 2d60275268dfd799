import { describe, expect, test } from 'vitest'
import { l7 } from '../../src/decode/record.ts'
import { detectorName } from '../../src/detectors/detectors.ts'
import * as registry from '../../src/detectors/index.ts'
import { arp, event } from '../enrich/record.ts'
import { dns } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { dice, HOUR, START, World } from './world.ts'

/**
 * A flood of whatever a detector looks at, each key of it new: no table grows beyond its limit, what
 * finds no room is counted, and what was watched before the flood is found after it.
 */

/** Tables as small as they may be. */
const small: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'arp-spoof': { addresses: 256 },
  beacon: { pairs: 1024, watched: 64 },
  'brute-force': { pairs: 64 },
  dga: { limit: 256 },
  'dns-less': { limit: 256 },
  'dns-rebinding': { limit: 1024 },
  'dns-ttl': { limit: 256 },
  'dns-tunnel': { limit: 256 },
  'encrypted-dns': { limit: 256 },
  exfiltration: { pairs: 1024 },
  'fast-flux': { limit: 256 },
  flood: { targets: 64 },
  lateral: { peers: 256 },
  'protocol-mismatch': { pairs: 64 },
  scan: { sources: 64, entries: 64 },
}
/** Most entries of the tables that have no option. */
const fixed = 32_768
/** These remember nothing of their own, or only what lists of the operator hold. */
const stateless = new Set(['dns-opcode', 'icmp-tunnel', 'indicator', 'long-connection', 'profile'])
const ROUND = 800
const resolver = '203.0.113.53'

type Random = ReturnType<typeof dice>

/** One event of each kind, of parties that were never seen. */
function strangers(world: World, random: Random, at: number): void {
  const octet = () => 1 + Math.floor(random() * 254)
  const inside = () => `192.168.${octet()}.${octet()}`
  const outside = () => `${20 + (octet() % 100)}.${octet()}.${octet()}.${octet()}`
  const label = () => `x${Math.floor(random() * 2 ** 32).toString(36)}`
  const host = inside()
  world.flow({ at, lasted: 0, from: outside(), to: host, answered: false, out: 0 })
  world.flow({ at, from: inside(), to: outside(), out: 40_000, back: 3000 })
  world.flow({ at, from: inside(), to: inside(), ports: [40_000, 22], out: 1200, back: 2400 })
  const name = `${label()}.${label()}.com`
  const id = octet()
  const answers = [{ name, type: 'A' as const, ttl: 0, data: outside() }]
  const questions = [{ name, type: 'A' as const }]
  const ends = { protocol: 17, l7: l7.L7_DNS, time: at }
  const server = outside()
  world.hear({ ...ends, from: host, to: server, ports: [id, 53], payload: dns({ id, questions }) })
  const missing = random() < 0.2
  const reply = missing
    ? dns({ id, response: true, rcode: 3, questions })
    : dns({ id, response: true, questions, answers })
  const back = { from: server, to: host, ports: [53, id] as const }
  world.hear({ ...ends, ...back, flags: ['EVENT_REPLY'], payload: reply })
  shakeHands(world, { at, from: host, to: outside(), sni: `${label()}.example.net` })
  strangerOnLink(world, random, at)
}

function strangerOnLink(world: World, random: Random, at: number): void {
  const hex = () =>
    Math.floor(random() * 256)
      .toString(16)
      .padStart(2, '0')
  const mac = `02:${hex()}:${hex()}:${hex()}:${hex()}:${hex()}`
  const card = mac.toUpperCase().replaceAll(':', '-')
  const octet = () => Math.floor(random() * 256)
  const ip = `192.168.${octet()}.${octet()}`
  const asks = arp(1, card, ip, `192.168.${octet()}.${octet()}`)
  const time = START + at - 1_764_000_000
  const said = event({ kind: 'EVENT_ARP', time, mac: card, payload: asks })
  if (said.kind === 'arp') world.judge(said)
  world.hear({
    protocol: 17,
    l7: l7.L7_DHCP4,
    time: at,
    mac: card,
    from: '0.0.0.0',
    to: '255.255.255.255',
    ports: [68, 67],
    flags: ['EVENT_ON_LINK'],
    payload: p.dhcp({ type: p.DHCP_DISCOVER, clientMac: mac, xid: octet(), requested: ip }),
  })
}

interface Handshake {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly sni: string
}

function shakeHands(world: World, { at, from, to, sni }: Handshake): void {
  const ports = [20_000 + (Math.round(at * 997) % 40_000), 443] as const
  const common = { protocol: 6, l7: l7.L7_TLS, time: at }
  const payload = p.tlsRecords(p.clientHello({ sni }))
  world.hear({ ...common, from, to, ports, payload })
  world.hear({
    ...common,
    from: to,
    to: from,
    ports: [443, ports[0]],
    flags: ['EVENT_REPLY'],
    payload: p.tlsRecords(p.serverHello({ version: 0x0303 })),
  })
}

/** `count` strangers of each kind within a minute. */
function flood(world: World, random: Random, count: number, from: number): void {
  for (let i = 0; i < count; i++) strangers(world, random, from + (60 * i) / count)
}

const names = Object.keys(registry).map(detectorName)

describe.each(names.filter(name => !stateless.has(name)))('%s under a flood', name => {
  test('stays within its limits, and counts what it refuses', () => {
    const world = new World(name, { options: small[name] ?? {}, learn: 0 })
    const random = dice(5)
    flood(world, random, ROUND, 60)
    flood(world, random, ROUND, 120)
    const { refused = 0, evicted = 0, unwatched, ...tables } = world.counts[name] ?? {}
    const limits = Object.values(small[name] ?? {})
    const limit = limits.length === 0 ? fixed : Math.max(...limits)
    expect(Object.keys(tables)).not.toEqual([])
    for (const size of Object.values(tables)) expect(size).toBeLessThanOrEqual(limit)
    expect(limits.length === 0 ? 1 : refused + evicted).toBeGreaterThan(0)
    expect(unwatched ?? 0).toBeGreaterThanOrEqual(0)
  })
})

/** Half of something before the flood and half after it: `expected` is told all the same. */
interface Watched {
  readonly detector: string
  readonly expected: string
  readonly options?: Readonly<Record<string, unknown>>
  before(world: World): void
  after(world: World): void
}

const client = '192.168.1.20'
const odd = (i: number) => `q${(i * 7919).toString(36)}zxkvwq${i}jq.com`

function missing(world: World, at: number, name: string): void {
  const questions = [{ name, type: 'A' as const }]
  const ends = { protocol: 17, l7: l7.L7_DNS, time: at }
  const id = Math.round(at) + 1
  world.hear({
    ...ends,
    from: '192.168.1.1',
    to: client,
    ports: [53, id],
    flags: ['EVENT_REPLY'],
    payload: dns({ id, response: true, rcode: 3, questions }),
  })
}

function times(count: number, make: (index: number) => void): void {
  for (let i = 0; i < count; i++) make(i)
}

const asks = (world: World, at: number, name: string) =>
  world.hear({
    protocol: 17,
    l7: l7.L7_DNS,
    time: at,
    from: client,
    to: '192.168.1.1',
    ports: [5000 + Math.round(at), 53],
    payload: p.dnsQuery(name, 'TXT'),
  })
const long = (i: number) => `${'k3jx9'.repeat(7)}${i.toString(36).padStart(4, 'q')}.t.example.com`
const probe = (world: World, at: number, port: number) =>
  world.flow({
    at,
    lasted: 0,
    from: client,
    to: '192.168.1.9',
    ports: [40_000, port],
    answered: false,
    out: 0,
  })

const watched: readonly Watched[] = [
  {
    detector: 'dga',
    expected: `dga ${client}`,
    before: world => times(6, i => missing(world, i, odd(i))),
    after: world => times(6, i => missing(world, 130 + i, odd(100 + i))),
  },
  {
    detector: 'dns-rebinding',
    expected: `dns-rebinding ${client}`,
    before: world => world.resolve(client, 'page.example.com', '93.184.216.34', 1),
    after: world => world.resolve(client, 'page.example.com', '192.168.1.1', 130),
  },
  {
    detector: 'dns-tunnel',
    expected: `dns-tunnel ${client}`,
    before: world => times(30, i => asks(world, i, long(i))),
    after: world => times(30, i => asks(world, 130 + i, long(100 + i))),
  },
  {
    detector: 'encrypted-dns',
    expected: `encrypted-dns ${client}`,
    before: world => {
      const questions = [{ name: 'www.example.org', type: 'A' as const }]
      world.hear({
        protocol: 17,
        l7: l7.L7_DNS,
        time: 1,
        from: resolver,
        to: client,
        ports: [53, 4000],
        flags: ['EVENT_REPLY'],
        payload: dns({ id: 1, response: true, questions }),
      })
    },
    after: world =>
      shakeHands(world, { at: 130, from: client, to: resolver, sni: 'a.example.org' }),
  },
  {
    detector: 'exfiltration',
    expected: `exfiltration ${client}`,
    before: world => times(3, i => world.flow({ at: i, from: client, out: 90e6, back: 1e5 })),
    after: world => times(4, i => world.flow({ at: 130 + i, from: client, out: 90e6, back: 1e5 })),
  },
  {
    detector: 'scan',
    expected: `port-scan ${client}`,
    before: world => times(10, i => probe(world, i, 1000 + i)),
    after: world => times(10, i => probe(world, 130 + i, 2000 + i)),
  },
  {
    detector: 'brute-force',
    expected: `brute-force ${client}`,
    before: world => times(8, i => guess(world, i)),
    after: world => times(8, i => guess(world, 130 + i)),
  },
]

function guess(world: World, at: number): void {
  const ends = { from: client, to: '192.168.1.9', ports: [40_000 + at, 22] as const }
  world.flow({ at, lasted: 2, ...ends, out: 1800, back: 2100 })
}

test.each(watched)('$detector finds what it watched before the flood', one => {
  const { detector, expected, options = {} } = one
  const world = new World(detector, { options: { ...small[detector], ...options }, learn: 0 })
  one.before(world)
  flood(world, dice(9), ROUND, 60)
  expect(world.told[expected]).toBeUndefined()
  one.after(world)
  expect(world.told[expected]).toBeGreaterThan(0)
})

test('tables are empty again when the flood is long over', () => {
  const world = new World('dns-ttl', { options: small['dns-ttl'] ?? {}, learn: 0 })
  flood(world, dice(3), 600, 60)
  expect(world.counts['dns-ttl']?.['names']).toBe(256)
  world.advance(4 * HOUR)
  expect(world.counts['dns-ttl']?.['names']).toBe(0)
})
