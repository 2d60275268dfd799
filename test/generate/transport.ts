import { type Content, checksum, concat, ip, type Layer, mac, raw, u8, u16, u32 } from './bytes.ts'

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
export const ECE = 0x40
export const CWR = 0x80

/** TCP header fields; the checksum is completed by IP unless given. */
export interface TcpOptions {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq?: number
  readonly ack?: number
  readonly flags?: number
  readonly window?: number
  readonly urgent?: number
  /** Option bytes, padded to 4 with end-of-list. */
  readonly options?: Uint8Array
  readonly dataOffset?: number
  readonly checksum?: number
}

/** TCP segment (RFC 9293). */
export function tcp(options: TcpOptions, content: Content = u8()): Layer {
  const extra = options.options ?? u8()
  const words = 5 + Math.ceil(extra.length / 4)
  const bytes = concat(
    u16(options.srcPort, options.dstPort),
    u32((options.seq ?? 1) >>> 0, (options.ack ?? 0) >>> 0),
    u8((options.dataOffset ?? words) << 4, options.flags ?? ACK),
    u16(options.window ?? 64240, options.checksum ?? 0, options.urgent ?? 0),
    extra,
    new Uint8Array(words * 4 - 20 - extra.length),
    content,
  )
  return { protocol: 6, bytes, ...(options.checksum === undefined && { checksumAt: 16 }) }
}

/** TCP options as sent with a SYN: MSS, SACK permitted, timestamps, window scale. */
export function synOptions(mss = 1460): Uint8Array {
  return concat(u8(2, 4), u16(mss), u8(4, 2, 8, 10), u32(1, 0), u8(1, 3, 3, 7))
}

/** Timestamp option with the usual two NOPs before it (RFC 7323). */
export function timestampOption(value: number, echo = 0): Uint8Array {
  return concat(u8(1, 1, 8, 10), u32(value, echo))
}

/** UDP header fields; `checksum: 0` sends none. */
export interface UdpOptions {
  readonly srcPort: number
  readonly dstPort: number
  readonly length?: number
  readonly checksum?: number
}

/** UDP datagram (RFC 768). */
export function udp(options: UdpOptions, content: Content = u8()): Layer {
  const body = raw(content)
  const head = u16(
    options.srcPort,
    options.dstPort,
    options.length ?? 8 + body.length,
    options.checksum ?? 0,
  )
  const bytes = concat(head, body)
  return { protocol: 17, bytes, ...(options.checksum === undefined && { checksumAt: 6 }) }
}

/** ICMP message (RFC 792): type, code, the four bytes after the checksum, the rest. */
export function icmp(
  options: { readonly type: number; readonly code?: number; readonly rest?: Uint8Array },
  content: Content = u8(),
): Layer {
  const bytes = concat(u8(options.type, options.code ?? 0), u16(0), options.rest ?? u32(0), content)
  bytes.set(u16(checksum(bytes)), 2)
  return { protocol: 1, bytes }
}

/** ICMP echo request, or reply. */
export function echo(
  options: { readonly id?: number; readonly seq?: number; readonly reply?: boolean },
  content: Content = 'abcdefghijklmnop',
): Layer {
  const rest = u16(options.id ?? 1, options.seq ?? 1)
  return icmp({ type: options.reply ? 0 : 8, rest }, content)
}

/** ICMPv6 message (RFC 4443): type, code, the four bytes after the checksum, the rest. */
export function icmpv6(
  options: { readonly type: number; readonly code?: number; readonly rest?: Uint8Array },
  content: Content = u8(),
): Layer {
  const head = concat(u8(options.type, options.code ?? 0), u16(0), options.rest ?? u32(0))
  return { protocol: 58, checksumAt: 2, bytes: concat(head, content) }
}

/** ICMPv6 echo request, or reply. */
export function echo6(
  options: { readonly id?: number; readonly seq?: number; readonly reply?: boolean },
  content: Content = 'abcdefghijklmnop',
): Layer {
  const rest = u16(options.id ?? 1, options.seq ?? 1)
  return icmpv6({ type: options.reply ? 129 : 128, rest }, content)
}

/** Neighbour solicitation (RFC 4861 4.3); no source option for a DAD probe. */
export function neighborSolicitation(options: {
  readonly target: string
  readonly sourceMac?: string
}): Layer {
  const link = options.sourceMac ? concat(u8(1, 1), mac(options.sourceMac)) : u8()
  return icmpv6({ type: 135 }, concat(ip(options.target), link))
}

/** Neighbour advertisement (RFC 4861 4.4). */
export function neighborAdvertisement(options: {
  readonly target: string
  readonly targetMac?: string
  readonly router?: boolean
  readonly solicited?: boolean
  readonly override?: boolean
}): Layer {
  const { router, solicited, override } = options
  const flags = (router ? 0x80 : 0) | (solicited ? 0x40 : 0) | (override ? 0x20 : 0)
  const link = options.targetMac ? concat(u8(2, 1), mac(options.targetMac)) : u8()
  return icmpv6({ type: 136, rest: u8(flags, 0, 0, 0) }, concat(ip(options.target), link))
}

/** Router solicitation (RFC 4861 4.1). */
export function routerSolicitation(options: { readonly sourceMac?: string } = {}): Layer {
  const link = options.sourceMac ? concat(u8(1, 1), mac(options.sourceMac)) : u8()
  return icmpv6({ type: 133 }, link)
}

/** Router advertisement (RFC 4861 4.2) with source link-layer address, MTU and prefixes. */
export function routerAdvertisement(options: {
  readonly hopLimit?: number
  readonly managed?: boolean
  readonly other?: boolean
  /** Seconds. */
  readonly lifetime?: number
  readonly sourceMac?: string
  readonly mtu?: number
  readonly prefixes?: readonly { readonly prefix: string; readonly length?: number }[]
}): Layer {
  const flags = (options.managed ? 0x80 : 0) | (options.other ? 0x40 : 0)
  const rest = concat(u8(options.hopLimit ?? 64, flags), u16(options.lifetime ?? 1800))
  const prefixes = (options.prefixes ?? []).map(({ prefix, length }) =>
    concat(u8(3, 4, length ?? 64, 0xc0), u32(86400, 14400, 0), ip(prefix)),
  )
  return icmpv6(
    { type: 134, rest },
    concat(
      u32(0, 0),
      options.sourceMac ? concat(u8(1, 1), mac(options.sourceMac)) : u8(),
      options.mtu === undefined ? u8() : concat(u8(5, 1), u16(0), u32(options.mtu)),
      ...prefixes,
    ),
  )
}

/** SCTP packet with INIT (1) or other chunks; the CRC32c is left zero (not checked by sensors). */
export function sctp(
  options: { readonly srcPort: number; readonly dstPort: number; readonly chunk?: number },
  content: Content = u8(),
): Layer {
  const body = raw(content)
  const chunk = concat(u8(options.chunk ?? 1, 0), u16(4 + body.length), body)
  return { protocol: 132, bytes: concat(u16(options.srcPort, options.dstPort), u32(1, 0), chunk) }
}
