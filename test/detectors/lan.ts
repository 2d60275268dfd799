import { type DnsRecord, type DnsType, dnsAnswer, dnsQuery } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { random } from './names.ts'
import { type Timed } from './replayed.ts'

/** A small network, as others’ captures show it: cards, a router, what people do beside what a test is about. */

export const router = '192.168.1.1'
export const DAY = 86_400

/** `192.168.1.20` */
export const host = (number: number) => `192.168.1.${number}`

/** The card of an address of ours; what is outside comes by the router's. */
export function macOf(ip: string): string {
  const own = ip.startsWith('192.168.1.') ? Number(ip.split('.')[3]) : 1
  return `00:1b:21:00:00:${own.toString(16).padStart(2, '0')}`
}

/** 0 to 1, the same every time. */
export function chance(seed: number): number {
  return Number.parseInt(random(seed + 1, 6, '0123456789'), 10) / 1e6
}

/** A number around `mean`, off by up to a share `jitter` of it. */
export function around(mean: number, jitter: number, seed: number): number {
  return mean * (1 - jitter + 2 * jitter * chance(seed))
}

let port = 20_000
/** The next port of a client. */
export function fresh(): number {
  port = port < 60_000 ? port + 1 : 20_000
  return port
}

/** One packet from one address to another. */
export function send(at: number, src: string, dst: string, layer: p.Layer): Timed {
  const ends = { src: macOf(src), dst: macOf(dst) }
  const packet = src.includes(':') ? p.ipv6({ src, dst }, layer) : p.ipv4({ src, dst }, layer)
  return { at, frame: p.ethernet(ends, packet) }
}

export type Side = readonly [ip: string, port: number]

export function datagram(at: number, from: Side, to: Side, bytes: Uint8Array): Timed {
  return send(at, from[0], to[0], p.udp({ srcPort: from[1], dstPort: to[1] }, bytes))
}

export function segment(at: number, from: Side, to: Side, flags: number): Timed {
  return send(at, from[0], to[0], p.tcp({ srcPort: from[1], dstPort: to[1], flags }))
}

/** A SYN, refused or left alone. */
export function probe(at: number, from: Side, to: Side, answer?: 'refused' | 'open'): Timed[] {
  const syn = segment(at, from, to, p.SYN)
  if (answer === 'refused') return [syn, segment(at + 0.0004, to, from, p.RST | p.ACK)]
  if (answer === undefined) return [syn]
  const rst = segment(at + 0.0006, from, to, p.RST)
  return [syn, segment(at + 0.0004, to, from, p.SYN | p.ACK), rst]
}

export interface Talk {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly port: number
  /** What client and server say in turns, the client first: bytes or how many. */
  readonly says: readonly (Uint8Array | number)[]
  readonly seconds?: number
  readonly source?: number
  readonly end?: 'fin' | 'rst' | 'none'
}

/** A whole TCP connection, its packets evenly over its time. */
export function talk({
  at,
  from,
  to,
  port: service,
  says,
  seconds = 1,
  source,
  end,
}: Talk): Timed[] {
  const client = { ip: from, port: source ?? fresh(), mac: macOf(from) }
  const server = { ip: to, port: service, mac: macOf(to) }
  const turns = says.map((said, i) => {
    const bytes = typeof said === 'number' ? p.noise(said, i + 1) : said
    const segments = p.segmentEvery(bytes, 1400)
    return { from: i % 2 === 0 ? ('client' as const) : ('server' as const), bytes, segments }
  })
  const frames = p.tcpConversation({ client, server, teardown: end ?? 'fin' }, turns)
  return frames.map((frame, i) => ({ at: at + (seconds * i) / frames.length, frame }))
}

export interface Asked {
  readonly at: number
  readonly from: string
  readonly name: string
  readonly type?: DnsType
  readonly server?: string
}

/** A question and its answer; without records the name does not exist. */
export function ask(
  { at, from, name, type = 'A', server = router }: Asked,
  answers: readonly DnsRecord[],
): Timed[] {
  const [source, id] = [fresh(), Math.floor(chance(at * 1000) * 60_000) + 1]
  const said = dnsAnswer(name, answers, { id, type, rcode: answers.length === 0 ? 3 : 0 })
  return [
    datagram(at, [from, source], [server, 53], dnsQuery(name, type, id)),
    datagram(at + 0.02, [server, 53], [from, source], said),
  ]
}

/** The name resolved to the address. */
export function lookup(at: number, from: string, name: string, ip: string): Timed[] {
  return ask({ at, from, name }, [{ name, type: 'A', ttl: 300, data: ip }])
}

export interface Visit {
  readonly at: number
  readonly from: string
  readonly name: string
  readonly ip: string
  readonly port?: number
  readonly up?: number
  readonly down?: number
  readonly seconds?: number
  /** Whether it asks for the address before. */
  readonly asks?: boolean
}

/** HTTPS with a name: the look-up, handshake of TLS 1.3, data. */
export function https({
  at,
  from,
  name,
  ip,
  port: to = 443,
  up = 600,
  down = 4000,
  seconds = 1,
  asks = true,
}: Visit): Timed[] {
  const hello = p.tlsRecords(p.clientHello({ sni: name, alpn: ['h2', 'http/1.1'], grease: true }))
  const reply = p.concat(
    p.tlsRecords(p.serverHello({ version: 0x0304 })),
    p.tlsRecords(p.noise(2600, 3), { type: p.APPLICATION_DATA }),
  )
  const data = (bytes: number) => p.tlsRecords(p.noise(bytes, 5), { type: p.APPLICATION_DATA })
  const says = [hello, reply, data(up), data(down)]
  return [
    ...(asks ? lookup(at, from, name, ip) : []),
    ...talk({ at: at + 0.05, from, to: ip, port: to, says, seconds }),
  ]
}

export function many(count: number, make: (index: number) => Timed[]): Timed[] {
  return Array.from({ length: count }, (_, index) => make(index)).flat()
}

const sites = [
  'www.wikipedia.org',
  'news.example.com',
  'shop.example.org',
  'mail.example.net',
  'cdn.example.com',
  'maps.example.org',
  'weather.example.com',
  'forum.example.net',
]
const away = (site: number) => `93.184.${site + 10}.34`

/** Cards that announce themselves, and people who read pages: each host one every minute or so. */
export function background(
  seconds: number,
  hosts: readonly number[] = [20, 21, 22, 23, 24],
): Timed[] {
  const all = [1, ...hosts].map((number, i) => {
    const senderMac = macOf(host(number))
    const content = p.arp({ senderMac, senderIp: host(number), targetIp: host(number) })
    return {
      at: i * 0.01,
      frame: p.ethernet({ src: senderMac, dst: 'ff:ff:ff:ff:ff:ff' }, content),
    }
  })
  const visits = hosts.flatMap(number =>
    many(Math.ceil(seconds / 90), i => {
      const seed = number * 7919 + i
      const at = 1 + (i + chance(seed)) * 90
      if (at > seconds) return []
      const site = Math.floor(chance(seed + 5) * sites.length)
      return https({
        at,
        from: host(number),
        name: sites[site] ?? '',
        ip: away(site),
        up: 400 + Math.floor(1500 * chance(seed + 7)),
        down: 3000 + Math.floor(20_000 * chance(seed + 9)),
      })
    }),
  )
  return [...all, ...visits]
}
