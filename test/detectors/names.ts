import { type DnsRecord, type DnsType, dns, dnsAnswer, dnsQuery } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { type Timed } from './replayed.ts'

export const client = '192.168.1.20'
export const resolver = '192.168.1.1'

/** A datagram between two hosts. */
export function datagram(
  at: number,
  [src, from]: readonly [string, number],
  [dst, to]: readonly [string, number],
  bytes: Uint8Array,
): Timed {
  return {
    at,
    frame: p.ethernet({}, p.ipv4({ src, dst }, p.udp({ srcPort: from, dstPort: to }, bytes))),
  }
}

/** Port of a question: a client takes another for each. */
const port = (at: number) => 20_000 + (Math.round(at * 1000) % 40_000)

export interface Asked {
  readonly at: number
  readonly name: string
  readonly type?: DnsType
  readonly src?: string
}

/** A question to the resolver, without an answer. */
export function question({ at, name, type = 'A', src = client }: Asked): Timed[] {
  return [datagram(at, [src, port(at)], [resolver, 53], dnsQuery(name, type))]
}

/** A question and what the resolver says to it 20 ms later; the name does not exist without answers. */
export function resolved(asked: Asked, answers: readonly DnsRecord[] = []): Timed[] {
  const { at, name, type = 'A', src = client } = asked
  const bytes = dnsAnswer(name, answers, { type, rcode: answers.length === 0 ? 3 : 0 })
  const answer = datagram(at + 0.02, [resolver, 53], [src, port(at)], bytes)
  return [...question(asked), answer]
}

export function address(name: string, ip: string, ttl = 300): DnsRecord {
  return { name, type: 'A', ttl, data: ip }
}

/** A message with another operation than a question. */
export function operation(at: number, opcode: number, server: string): Timed[] {
  const bytes = dns({ opcode, questions: [{ name: 'example.com', type: 'SOA' }] })
  return [datagram(at, [client, port(at)], [server, 53], bytes)]
}

/** A conversation of TCP with an address. */
export function visit(at: number, ip: string, from: number, src = client): Timed[] {
  const ends = { client: { ip: src, port: from }, server: { ip, port: 443 } }
  return p
    .tcpConversation(ends, [
      { from: 'client', bytes: new Uint8Array(600) },
      { from: 'server', bytes: new Uint8Array(3000) },
    ])
    .map((frame, i) => ({ at: at + i * 0.01, frame }))
}

/** Letters and digits, the same every time. */
export function random(
  seed: number,
  length: number,
  letters = 'abcdefghijklmnopqrstuvwxyz234567',
): string {
  let state = seed * 2_654_435_761
  let text = ''
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    text += letters[(state >>> 16) % letters.length]
  }
  return text
}

export const many = (count: number, make: (index: number) => Timed[]): Timed[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat()
