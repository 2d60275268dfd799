import { concat, fill, ip, raw, u8, u16, u32 } from './bytes.ts'

/** Numbers of the record types that the builders know by name. */
export const DNS_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  NB: 32,
  SRV: 33,
  OPT: 41,
  HTTPS: 65,
  ANY: 255,
} as const

export type DnsType = keyof typeof DNS_TYPES | number

/** A question. */
export interface DnsQuestion {
  readonly name: string
  readonly type?: DnsType
  readonly class?: number
}

/** A resource record; text data is encoded as its type wants it, bytes are taken as they are. */
export interface DnsRecord {
  readonly name: string
  readonly type?: DnsType
  readonly class?: number
  readonly ttl?: number
  readonly data: string | readonly string[] | Uint8Array
}

/** A DNS message (RFC 1035 4.1). */
export interface DnsOptions {
  readonly id?: number
  readonly response?: boolean
  readonly opcode?: number
  readonly flags?: number
  readonly rcode?: number
  readonly questions?: readonly DnsQuestion[]
  readonly answers?: readonly DnsRecord[]
  readonly authorities?: readonly DnsRecord[]
  readonly additionals?: readonly DnsRecord[]
  /** Writes every name in full. */
  readonly uncompressed?: boolean
}

/** Bytes of a DNS message with compressed names. */
export function dns(options: DnsOptions): Uint8Array {
  const { questions = [], answers = [], authorities = [], additionals = [] } = options
  const flags =
    options.flags ??
    (options.response ? 0x8180 : 0x0100) | ((options.opcode ?? 0) << 11) | (options.rcode ?? 0)
  const counts = [questions, answers, authorities, additionals].map(list => list.length)
  const names = options.uncompressed ? undefined : new Map<string, number>()
  let out = u16(options.id ?? 0x1234, flags, ...counts)
  for (const { name, type, class: kind } of questions) {
    out = concat(out, dnsName(name, out.length, names))
    out = concat(out, u16(typeNumber(type), kind ?? 1))
  }
  for (const record of [...answers, ...authorities, ...additionals]) {
    out = concat(out, dnsName(record.name, out.length, names))
    const data = recordData(record, out.length + 10, names)
    const type = typeNumber(record.type)
    out = concat(out, u16(type, record.class ?? 1), u32(record.ttl ?? 300), u16(data.length), data)
  }
  return out
}

/** A query for one name. */
export function dnsQuery(name: string, type: DnsType = 'A', id = 0x1234): Uint8Array {
  return dns({ id, questions: [{ name, type }] })
}

/** The answer to a query for one name. */
export function dnsAnswer(
  name: string,
  answers: readonly DnsRecord[],
  options: { readonly id?: number; readonly type?: DnsType; readonly rcode?: number } = {},
): Uint8Array {
  const { id = 0x1234, type = 'A', rcode = 0 } = options
  return dns({ id, response: true, rcode, questions: [{ name, type }], answers })
}

/** Messages as they go over TCP: each behind its 16-bit length. */
export function overTcp(...messages: readonly Uint8Array[]): Uint8Array {
  return concat(...messages.flatMap(message => [u16(message.length), message]))
}

/** mDNS answer that announces records (RFC 6762); cache-flush bit set. */
export function mdnsAnnouncement(records: readonly DnsRecord[]): Uint8Array {
  const answers = records.map(record => ({ ...record, class: record.class ?? 0x8001 }))
  return dns({ id: 0, flags: 0x8400, answers })
}

/** mDNS query (RFC 6762); `unicast` asks for a direct answer. */
export function mdnsQuery(name: string, type: DnsType = 'PTR', unicast = false): Uint8Array {
  return dns({ id: 0, flags: 0, questions: [{ name, type, class: unicast ? 0x8001 : 1 }] })
}

/** LLMNR query, or response with the address (RFC 4795). */
export function llmnr(name: string, address?: string, id = 0x4242): Uint8Array {
  const type = address?.includes(':') ? 'AAAA' : 'A'
  const questions = [{ name, type } as const]
  if (!address) return dns({ id, flags: 0, questions })
  return dns({ id, flags: 0x8000, questions, answers: [{ name, type, data: address }] })
}

/** NetBIOS name query, or positive response (RFC 1002 4.2.12). */
export function nbns(
  name: string,
  address?: string,
  options: { id?: number; suffix?: number } = {},
): Uint8Array {
  const { id = 0x2b2b, suffix = 0x20 } = options
  const encoded = netbiosName(name, suffix)
  if (!address) return dns({ id, flags: 0x0110, questions: [{ name: encoded, type: 'NB' }] })
  const data = concat(u16(0), ip(address))
  return dns({ id, flags: 0x8500, answers: [{ name: encoded, type: 'NB', data }] })
}

/** First-level encoding of a NetBIOS name: 32 letters A to P (RFC 1001 14.1). */
export function netbiosName(name: string, suffix = 0x20): string {
  const bytes = concat(name.toUpperCase().padEnd(15, ' ').slice(0, 15), u8(suffix))
  return [...bytes].map(byte => String.fromCharCode(65 + (byte >> 4), 65 + (byte & 15))).join('')
}

/** A domain name as labels, with pointers to names seen before in the message. */
export function dnsName(name: string, at = 0, names?: Map<string, number>): Uint8Array {
  const labels = name.split('.').filter(label => label !== '')
  const parts: Uint8Array[] = []
  let place = at
  for (let i = 0; i < labels.length; i++) {
    const rest = labels.slice(i).join('.').toLowerCase()
    const known = names?.get(rest)
    if (known !== undefined) return concat(...parts, u16(0xc000 | known))
    if (place < 0x4000) names?.set(rest, place)
    const label = raw(labels[i] ?? '')
    parts.push(u8(label.length), label)
    place += label.length + 1
  }
  return concat(...parts, u8(0))
}

function typeNumber(type: DnsType = 'A'): number {
  return typeof type === 'number' ? type : DNS_TYPES[type]
}

function recordData(record: DnsRecord, at: number, names?: Map<string, number>): Uint8Array {
  const { data } = record
  if (data instanceof Uint8Array) return data
  const list = typeof data === 'string' ? [data] : data
  const [first = '', second = '', third = '0', fourth = ''] = list
  switch (typeNumber(record.type)) {
    case DNS_TYPES.A:
    case DNS_TYPES.AAAA:
      return ip(first)
    case DNS_TYPES.NS:
    case DNS_TYPES.CNAME:
    case DNS_TYPES.PTR:
      return dnsName(first, at, names)
    case DNS_TYPES.MX:
      return concat(u16(Number(first)), dnsName(second, at + 2, names))
    case DNS_TYPES.SRV:
      return concat(u16(Number(first), Number(second), Number(third)), dnsName(fourth))
    case DNS_TYPES.SOA:
      return concat(dnsName(first), dnsName(second), u32(1, 7200, 3600, 1209600, 300))
    case DNS_TYPES.TXT:
      return concat(...list.flatMap(text => [u8(raw(text).length), raw(text)]))
    default:
      return fill(4)
  }
}
