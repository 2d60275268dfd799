import { l7 } from '../../src/decode/record.ts'
import { arp, event } from '../enrich/record.ts'
import { dns } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { type dice, START, type World } from './world.ts'

/** Tables as small as they may be. */
export const small: Readonly<Record<string, Readonly<Record<string, number>>>> = {
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

export function shakeHands(world: World, { at, from, to, sni }: Handshake): void {
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

/** `count` strangers of each kind within so many seconds. */
export function flood(
  world: World,
  random: Random,
  count: number,
  from: number,
  seconds = 60,
): void {
  for (let i = 0; i < count; i++) strangers(world, random, from + (seconds * i) / count)
}
