import { type MessageEvent } from '../../../src/decode/message.ts'
import * as p from '../../generate/packets.ts'
import { isMessage, type Probe } from './probe.ts'

/** An application message, who says it, and on which port. */
export interface Subject {
  readonly name: string
  readonly from: 'client' | 'server'
  readonly port: number
  readonly bytes: Uint8Array
}

/** A way for a message to arrive: its segments in the order of the wire. */
export interface Delivery {
  readonly segments: readonly p.Segment[]
  /** What the same side said before, in one segment of its own. */
  readonly before?: string
  /** Sequence number of the SYN. */
  readonly seq?: number
}

const seven = { tls13: { version: 0x0304, cipher: 0x1301 } } as const

/** The messages that reach over segments. */
export const subjects: readonly Subject[] = [
  client(
    'classic ClientHello',
    443,
    p.tlsRecords(p.clientHello({ sni: 'www.example.com', alpn: ['h2'] })),
  ),
  client('post-quantum ClientHello', 8443, p.tlsRecords(p.postQuantumHello())),
  client('ClientHello of 11 KB', 443, p.tlsRecords(p.bigHello())),
  client(
    'ClientHello over four records',
    443,
    p.tlsRecords(p.clientHello({ sni: 'cut.example.com' }), { cuts: [3, 60, 61] }),
  ),
  client(
    'post-quantum ClientHello over a dozen records',
    443,
    p.tlsRecords(p.postQuantumHello(), { cuts: every(150, 1800) }),
  ),
  client('SSLv2 hello', 443, p.ssl2Hello()),
  server('ServerHello of TLS 1.3', 443, p.tlsRecords(p.serverHello(seven.tls13))),
  server('ServerHello and Certificate', 443, ended(p.serverFlight({ alpn: 'h2' }))),
  server(
    'ServerHello and Certificate in one record',
    443,
    ended(p.serverFlight({ oneRecord: true })),
  ),
  client('HTTP request', 80, p.httpRequest({ target: '/a?b=c', headers: headers(5) })),
  client('HTTP request with an odd method', 8080, p.httpRequest({ method: 'PROPFIND' })),
  client('HTTP request of 4,000 bytes', 80, p.httpRequest({ headers: headers(60) })),
  server('HTTP response', 80, p.httpResponse({ headers: headers(8) })),
  client('DNS query over TCP', 53, p.overTcp(p.dnsQuery('tcp.example.com', 'TXT'))),
  server('DNS answer over TCP', 53, p.overTcp(answer())),
  client('SSH banner and KEXINIT', 2222, p.concat(p.sshBanner(), p.sshKexInit())),
  server('SSH banner and KEXINIT', 22, p.concat(p.sshBanner('dropbear'), p.sshKexInit())),
]

function client(name: string, port: number, bytes: Uint8Array): Subject {
  return { name, from: 'client', port, bytes }
}

function server(name: string, port: number, bytes: Uint8Array): Subject {
  return { name: `${name} of a server`, from: 'server', port, bytes }
}

/** A flight of a server that goes over to encryption at once, as when it resumes. */
function ended(flight: Uint8Array): Uint8Array {
  return p.concat(flight, p.changeCipherSpec())
}

function every(step: number, end: number): number[] {
  return Array.from({ length: Math.floor(end / step) }, (_, i) => (i + 1) * step)
}

function headers(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, i) => [
    `X-Header-${i}`,
    'HTTP/1.1 GET / '.repeat(3),
  ])
  return Object.fromEntries(names)
}

function answer(): Uint8Array {
  const records = Array.from({ length: 12 }, (_, i) => ({
    name: 'tcp.example.com',
    type: 'TXT' as const,
    data: `${i}`.repeat(100),
  }))
  return p.dnsAnswer('tcp.example.com', records, { type: 'TXT' })
}

/** Every way of cutting the message in two at one place. */
export function inTwo(bytes: Uint8Array, cut: number): Record<string, Delivery> {
  const both = p.segment(bytes, [cut])
  const [first, second] = both
  if (!first || !second) throw new Error('a cut lies inside the message')
  const text = 'EHLO me\r\n'
  return {
    'in order': { segments: both },
    reordered: { segments: [second, first] },
    'repeated at once': { segments: p.duplicate(both) },
    'repeated at the end': { segments: p.duplicate(both, 'at-end') },
    'second part twice before the first': { segments: [second, second, first] },
    overlapping: { segments: p.overlap(bytes, both, 5) },
    'overlapping, reordered': { segments: p.reorder(p.overlap(bytes, both, 5)) },
    'first part sent again with the whole': { segments: [first, { offset: 0, bytes }] },
    'after text': { segments: both, before: text },
    'after text, reordered': { segments: [second, first], before: text },
    'over the wrap of sequence numbers': { segments: both, seq: (2 ** 32 - cut - 1) >>> 0 },
    'from sequence number 0, reordered': { segments: [second, first], seq: 2 ** 32 - 1 },
  }
}

/** A random way of 3 to 12 segments: order, repetition, overlap and what went before. */
export function atRandom(bytes: Uint8Array, seed: number): Delivery {
  const next = p.random(seed)
  const pick = (most: number) => Math.floor(next() * most)
  const cuts = Array.from({ length: 2 + pick(10) }, () => 1 + pick(bytes.length - 1))
  let segments = p.segment(bytes, cuts)
  if (pick(3) === 0) segments = p.overlap(bytes, segments, 1 + pick(40))
  if (pick(3) === 0) segments = p.duplicate(segments, pick(2) === 0 ? 'at-once' : 'at-end')
  if (pick(3) > 0) segments = p.reorder(segments, pick(2) === 0 ? undefined : seed)
  return {
    segments,
    ...(pick(3) === 0 && { before: 'STARTTLS\r\n' }),
    seq: pick(4) === 0 ? (2 ** 32 - pick(bytes.length)) >>> 0 : pick(2 ** 32),
  }
}

const empty = new Uint8Array(0)
let conversations = 0

/** Ends that no conversation had before. */
export function newEnds(port: number): { client: p.End; server: p.End } {
  const serial = ++conversations
  const ip = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`
  return { client: { ip, port: 40_000 }, server: { ip: '192.0.2.1', port } }
}

/** Sends the message in a conversation of its own; returns what is wrong with its copies, if any. */
export function deliver(probe: Probe, subject: Subject, delivery: Delivery): string | undefined {
  for (const packet of deliveryFrames(subject, delivery, probe.longest)) probe.feed(packet)
  const copies = probe.events().filter(isMessage)
  const { before = '', seq = SEQ } = delivery
  return missing(subject.bytes, (seq + 1 + before.length) >>> 0, copies)
}

const SEQ = 1000

/** Handshake and segments; those that make a frame longer than `longest` in parts. */
export function deliveryFrames(
  subject: Subject,
  { before = '', seq = SEQ, segments }: Delivery,
  longest: number,
): Uint8Array[] {
  const { client, server } = newEnds(subject.port)
  const [mine, other] = subject.from === 'client' ? [client, server] : [server, client]
  const said = subject.from === 'client' ? [seq, 7] : [7, seq]
  const out = [
    frame(client, server, p.SYN, said[0] ?? 0, empty),
    frame(server, client, p.SYN | p.ACK, said[1] ?? 0, empty),
  ]
  if (before) out.push(frame(mine, other, p.PSH | p.ACK, seq + 1, p.raw(before)))
  const start = seq + 1 + before.length
  for (const { offset, bytes } of segments) {
    for (const part of p.segmentEvery(bytes, longest - HEADERS)) {
      out.push(frame(mine, other, p.PSH | p.ACK, start + offset + part.offset, part.bytes))
    }
  }
  return out
}

const HEADERS = 54
const template = p.ethernet({}, p.ipv4({}, p.tcp({ srcPort: 0, dstPort: 0 })))

/** Without checksums: nothing looks at them, and building them takes most of the time. */
function frame(from: p.End, to: p.End, flags: number, seq: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADERS + bytes.length)
  const view = new DataView(out.buffer)
  out.set(template)
  out.set(bytes, HEADERS)
  view.setUint16(16, HEADERS - 14 + bytes.length)
  out.set(p.ip(from.ip), 26)
  out.set(p.ip(to.ip), 30)
  view.setUint16(34, from.port)
  view.setUint16(36, to.port)
  view.setUint32(38, seq)
  view.setUint8(47, flags)
  return out
}

/** Bytes of the message that no copy holds, or that a copy holds otherwise. */
export function missing(
  bytes: Uint8Array,
  start: number,
  copies: readonly MessageEvent[],
): string | undefined {
  const seen = new Uint8Array(bytes.length)
  for (const copy of copies) {
    const at = (copy.seq - start) | 0
    const [from, end] = [Math.max(0, at), Math.min(bytes.length, at + copy.bytes.length)]
    if (from >= end) continue
    if (copy.bytes.compare(bytes, from, end, from - at, end - at) !== 0) {
      return `bytes ${from} to ${end - 1} are wrong in a copy`
    }
    seen.fill(1, from, end)
  }
  const from = seen.indexOf(0)
  if (from < 0) return undefined
  const end = seen.indexOf(1, from)
  return `bytes ${from} to ${(end < 0 ? bytes.length : end) - 1} of ${bytes.length} were not copied`
}
