import { expect, test } from 'vitest'
import { l7 } from '../../src/decode/record.ts'
import { detectorName } from '../../src/detectors/detectors.ts'
import * as registry from '../../src/detectors/index.ts'
import { arp, event } from '../enrich/record.ts'
import { dns } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { flood, shakeHands, small } from './strangers.ts'
import { DAY, dice, HOUR, START, World } from './world.ts'

const ROUND = 800
const resolver = '203.0.113.53'
const [owner, liar] = ['00-00-5E-00-53-01', '00-00-5E-00-53-66']

/** Half of something before the flood and half after it: `expected` is told all the same. */
interface Watched {
  readonly detector: string
  readonly expected: string
  readonly options?: Readonly<Record<string, unknown>>
  /** When the flood begins, a minute after the start unless given. */
  readonly at?: number
  /** Length of the flood, a minute unless given. */
  readonly seconds?: number
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
    before: world => times(15, i => asks(world, i, long(i))),
    after: world => times(15, i => asks(world, 130 + i, long(100 + i))),
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
    detector: 'arp-spoof',
    expected: `arp-spoof ${liar}`,
    before: world => times(3, i => claims(world, 1 + i, owner, 2)),
    after: world =>
      times(3, i => {
        claims(world, 130 + 2 * i, liar, 2)
        claims(world, 131 + 2 * i, owner, 2)
      }),
  },
  {
    detector: 'beacon',
    expected: `beacon ${client}`,
    options: { span: '10s' },
    before: world => times(6, i => world.flow({ at: 10 * i, from: client, out: 300, back: 200 })),
    after: world =>
      times(30, i => world.flow({ at: 130 + 10 * i, from: client, out: 300, back: 200 })),
  },
  {
    detector: 'dhcp',
    expected: 'dhcp-rogue 192.168.1.66',
    before: world => times(3, i => offers(world, 1 + i, '192.168.1.1')),
    after: world => offers(world, 130, '192.168.1.66'),
  },
  {
    detector: 'dns-less',
    expected: `dns-less ${client}`,
    before: world => times(40, i => named(world, i)),
    after: world => {
      times(20, i => named(world, 130 + i))
      world.flow({ at: 160, from: client, to: '203.0.113.66', out: 5000, back: 5000 })
    },
  },
  {
    detector: 'dns-ttl',
    expected: `dns-ttl ${client}`,
    before: world => times(7, i => moves(world, 1 + i, i, 0)),
    after: world => times(13, i => moves(world, 130 + i, 20 + i, 0)),
  },
  {
    detector: 'fast-flux',
    expected: `fast-flux ${client}`,
    before: world => times(2, i => moves(world, 1 + 31 * i, 10 * i, 60, 10)),
    after: world => times(5, i => moves(world, 130 + 31 * i, 40 + 10 * i, 60, 10)),
  },
  {
    detector: 'flood',
    expected: `flood ${client}`,
    seconds: 2,
    before: world => times(1500, i => syn(world, 58 + i / 1000, i)),
    after: world => times(1500, i => syn(world, 62 + i / 1000, 5000 + i)),
  },
  {
    detector: 'lateral',
    expected: `lateral-fan-out ${client}`,
    before: world => times(3, i => rules(world, 1 + i, i)),
    after: world => times(4, i => rules(world, 130 + i, 10 + i)),
  },
  {
    detector: 'protocol-mismatch',
    expected: `protocol-mismatch ${client}`,
    before: world => world.resolve(client, 'www.example.org', '198.51.100.9', 1),
    after: world => world.flow({ at: 130, from: client, to: '203.0.113.66', out: 900, back: 900 }),
  },
  {
    detector: 'tls-anomaly',
    expected: `tls-changed ${client}`,
    at: 19 * HOUR,
    before: world => times(10, i => speaks(world, 2 * i * HOUR, 0x0303)),
    after: world => speaks(world, DAY, 0x0301),
  },
  {
    detector: 'icmp-tunnel',
    expected: `icmp-tunnel ${client}`,
    before: world => pings(world, 'update', 20),
    after: world => pings(world, 'end', 130),
  },
  {
    detector: 'brute-force',
    expected: `brute-force ${client}`,
    before: world => times(8, i => guess(world, i)),
    after: world => times(8, i => guess(world, 130 + i)),
  },
]

/** A card says that it has the address of the client. */
function claims(world: World, at: number, mac: string, operation: number): void {
  const payload = arp(operation, mac, client, '192.168.1.30')
  const said = event({ kind: 'EVENT_ARP', time: START + at - 1_764_000_000, mac, payload })
  if (said.kind === 'arp') world.judge(said)
}

function offers(world: World, at: number, server: string): void {
  world.hear({
    protocol: 17,
    l7: l7.L7_DHCP4,
    time: at,
    mac: '00-00-5E-00-53-07',
    from: server,
    to: '255.255.255.255',
    ports: [67, 68],
    flags: ['EVENT_ON_LINK'],
    payload: p.dhcp({
      type: p.DHCP_OFFER,
      clientMac: '02:00:5e:00:53:20',
      xid: Math.floor(at),
      serverIp: server,
      yourIp: '192.168.1.99',
      router: server,
    }),
  })
}

/** A visit to a host whose name was asked for. */
function named(world: World, at: number): void {
  const ip = `198.51.100.${1 + (Math.floor(at) % 40)}`
  world.resolve(client, `www${Math.floor(at) % 40}.example.org`, ip, at)
  const flow = {
    at: at + 0.1,
    from: client,
    to: ip,
    ports: [30_000 + Math.floor(at), 443],
  } as const
  world.flow({ ...flow, action: 'start' })
  world.flow(flow)
}

/** A name is at other addresses again. */
function moves(world: World, at: number, first: number, ttl: number, count = 1): void {
  const name = 'move.example.com'
  const answers = Array.from({ length: count }, (_, i) => {
    const n = first + i
    return { name, type: 'A' as const, ttl, data: `${30 + n}.${(n * 37) % 250}.7.9` }
  })
  world.hear({
    protocol: 17,
    l7: l7.L7_DNS,
    time: at,
    from: '192.168.1.1',
    to: client,
    ports: [53, 7000 + first],
    flags: ['EVENT_REPLY'],
    payload: dns({ id: first, response: true, questions: [{ name, type: 'A' }], answers }),
  })
}

const syn = (world: World, at: number, port: number) =>
  world.flow({
    at,
    lasted: 0,
    from: client,
    to: '192.168.1.9',
    ports: [1024 + port, 80],
    answered: false,
    out: 0,
  })

/** A session of administration with a host that was none before. */
function rules(world: World, at: number, host: number): void {
  const ports = [41_000 + Math.floor(at), 3389] as const
  world.flow({ at, from: client, to: `192.168.2.${host}`, ports, out: 4000, back: 9000 })
}

/** A server answers in this version of TLS; a client that offers none beyond the old one gets it. */
function speaks(world: World, at: number, version: number): void {
  const [to, sni] = ['203.0.113.80', 'mail.example.org']
  const ports = [20_000 + (Math.floor(at / 100) % 40_000), 443] as const
  const common = { protocol: 6, l7: l7.L7_TLS, time: at }
  const hello = p.tlsRecords(p.clientHello({ sni, versions: [version] }))
  world.hear({ ...common, from: client, to, ports, payload: hello })
  const chain = [{ subject: sni, issuer: 'Example CA' }]
  const payload = p.concat(p.serverFlight({ legacyVersion: version, chain }), p.changeCipherSpec())
  const back = { from: to, to: client, ports: [443, ports[0]] as const }
  world.hear({ ...common, ...back, flags: ['EVENT_REPLY'], payload })
}

/** Echo messages whose answers are far longer, in one conversation. */
function pings(world: World, action: 'update' | 'end', at: number): void {
  world.flow({
    action,
    at: 1,
    lasted: at,
    from: client,
    protocol: 1,
    ports: [8, 0],
    out: 20_000 + at,
    back: 200_000 + at,
  })
}

function guess(world: World, at: number): void {
  const ends = { from: client, to: '192.168.1.9', ports: [40_000 + at, 22] as const }
  world.flow({ at, lasted: 2, ...ends, out: 1800, back: 2100 })
}

test.each(watched)('$detector finds what it watched before the flood', one => {
  const { detector, expected, options = {}, at = 60, seconds } = one
  const world = new World(detector, { options: { ...small[detector], ...options }, learn: 0 })
  one.before(world)
  flood(world, dice(9), ROUND, at, seconds)
  if (detector !== 'icmp-tunnel') expect(world.told[expected]).toBeUndefined()
  one.after(world)
  expect(world.told[expected]).toBeGreaterThan(0)
})

/** The rest remember nothing of an attack that goes on, or are tested where their days of memory are made. */
const others = ['dns-opcode', 'indicator', 'long-connection', 'profile']

test('every detector is among them, or remembers nothing that a flood could take', () => {
  const all = Object.keys(registry).map(detectorName)
  expect([...watched.map(({ detector }) => detector), ...others].sort()).toEqual(all.sort())
})

test('an hour out of its profile is told although strangers came meanwhile', () => {
  const world = new World('profile')
  for (let at = 0; at < 5 * DAY; at += 300) {
    world.flow({ at, from: client, out: 10_000 + ((at * 7919) % 20_000) })
  }
  flood(world, dice(9), ROUND, 5 * DAY)
  world.flow({ at: 5 * DAY + 900, from: client, out: 4e9 })
  world.advance(5 * DAY + 12 * HOUR) // the test's steps are longer than a live sensor's
  expect(world.told[`out-of-profile ${client}`]).toBe(1)
})

test('a conversation of hours is told once for each length, strangers or not', () => {
  const world = new World('long-connection', { learn: 0 })
  const ends = { at: 0, from: client, to: '203.0.113.7', ports: [40_000, 4444] as const }
  for (let hours = 0.5; hours <= 9; hours += 0.5) {
    flood(world, dice(hours * 2), 60, hours * HOUR - 70)
    world.flow({ ...ends, action: 'update', lasted: hours * HOUR })
  }
  expect(world.signals.map(({ evidence }) => evidence['hours'])).toEqual([1, 4, 8])
})
