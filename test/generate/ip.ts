import { type Content, checksum, concat, ip, type Layer, layerOf, u8, u16, u32 } from './bytes.ts'

/** IPv4 header fields; lengths and checksum are worked out unless given. */
export interface Ipv4Options {
  readonly src?: string
  readonly dst?: string
  readonly protocol?: number
  readonly ttl?: number
  readonly id?: number
  readonly tos?: number
  readonly dontFragment?: boolean
  readonly moreFragments?: boolean
  /** Fragment offset in bytes, a multiple of 8. */
  readonly offset?: number
  /** Option bytes, padded to 4 with end-of-list. */
  readonly options?: Uint8Array
  readonly totalLength?: number
  readonly checksum?: number
  readonly version?: number
}

/** IPv4 packet (RFC 791); completes the checksum of a TCP, UDP or other upper layer. */
export function ipv4(options: Ipv4Options, content: Content): Layer {
  const { src, dst } = ends4(options)
  const body = complete(layerOf(content), src, dst)
  const extra = options.options ?? u8()
  const words = 5 + Math.ceil(extra.length / 4)
  const head = concat(
    u8(((options.version ?? 4) << 4) | words, options.tos ?? 0),
    u16(
      options.totalLength ?? words * 4 + body.bytes.length,
      options.id ?? 1,
      ((options.dontFragment ? 1 : 0) << 14) |
        ((options.moreFragments ? 1 : 0) << 13) |
        ((options.offset ?? 0) >>> 3),
    ),
    u8(options.ttl ?? 64, options.protocol ?? body.protocol ?? 253),
    u16(0),
    src,
    dst,
    extra,
    new Uint8Array(words * 4 - 20 - extra.length),
  )
  head.set(u16(options.checksum ?? checksum(head)), 10)
  return { etherType: 0x0800, protocol: 4, bytes: concat(head, body) }
}

function ends4(options: Ipv4Options): { src: Uint8Array; dst: Uint8Array } {
  return { src: ip(options.src ?? '10.0.0.1'), dst: ip(options.dst ?? '10.0.0.2') }
}

/** The same datagram cut into fragments of at most `size` payload bytes (rounded down to 8). */
export function ipv4Fragments(options: Ipv4Options, content: Content, size: number): Layer[] {
  const { src, dst } = ends4(options)
  const body = complete(layerOf(content), src, dst)
  return pieces(body.bytes, size).map(piece =>
    ipv4(
      {
        ...options,
        protocol: options.protocol ?? body.protocol ?? 253,
        moreFragments: piece.more,
        offset: piece.offset,
      },
      piece.bytes,
    ),
  )
}

/** An IPv6 extension header: its number and its bytes once the next one is known. */
export interface Extension {
  readonly header: number
  readonly bytes: (next: number) => Uint8Array
}

/** IPv6 header fields and extension headers in the order of the wire. */
export interface Ipv6Options {
  readonly src?: string
  readonly dst?: string
  readonly hopLimit?: number
  readonly trafficClass?: number
  readonly flowLabel?: number
  readonly next?: number
  readonly extensions?: readonly Extension[]
  readonly payloadLength?: number
}

/** IPv6 packet (RFC 8200) with extension headers; completes the upper layer's checksum. */
export function ipv6(options: Ipv6Options, content: Content): Layer {
  const { src, dst } = ends6(options)
  const body = complete(layerOf(content), src, dst)
  const extensions = options.extensions ?? []
  const last = options.next ?? body.protocol ?? 59
  const chain = extensions.map((extension, i) => extension.bytes(extensions[i + 1]?.header ?? last))
  const payload = concat(...chain, body)
  const word = (6 << 28) | ((options.trafficClass ?? 0) << 20) | (options.flowLabel ?? 0)
  const head = concat(
    u32(word >>> 0),
    u16(options.payloadLength ?? payload.length),
    u8(extensions[0]?.header ?? last, options.hopLimit ?? 64),
    src,
    dst,
  )
  return { etherType: 0x86dd, protocol: 41, bytes: concat(head, payload) }
}

function ends6(options: Ipv6Options): { src: Uint8Array; dst: Uint8Array } {
  return { src: ip(options.src ?? 'fd00::1'), dst: ip(options.dst ?? 'fd00::2') }
}

/** The same datagram cut into fragments of at most `size` payload bytes (rounded down to 8). */
export function ipv6Fragments(
  options: Ipv6Options & { readonly id?: number },
  content: Content,
  size: number,
): Layer[] {
  const { src, dst } = ends6(options)
  const body = complete(layerOf(content), src, dst)
  return pieces(body.bytes, size).map(piece =>
    ipv6(
      {
        ...options,
        next: options.next ?? body.protocol ?? 59,
        extensions: [
          ...(options.extensions ?? []),
          fragmentHeader({ id: options.id ?? 1, offset: piece.offset, more: piece.more }),
        ],
      },
      piece.bytes,
    ),
  )
}

/** Hop-by-hop options header (0), 8 bytes a unit. */
export function hopByHop(units = 1): Extension {
  return { header: 0, bytes: next => padded(next, units) }
}

/** Destination options header (60). */
export function destinationOptions(units = 1): Extension {
  return { header: 60, bytes: next => padded(next, units) }
}

// PadN fills the header: type 1, length of what follows.
function padded(next: number, units: number): Uint8Array {
  const room = units * 8 - 2
  const pads: Uint8Array[] = []
  for (let left = room; left > 0; ) {
    const size = left === 257 ? 255 : Math.min(left, 256)
    pads.push(size === 1 ? u8(0) : concat(u8(1, size - 2), new Uint8Array(size - 2)))
    left -= size
  }
  return concat(u8(next, units - 1), ...pads)
}

/** Routing header (43) of type 2 or 4 style: addresses still to visit. */
export function routing(
  options: {
    readonly type?: number
    readonly left?: number
    readonly addresses?: readonly string[]
  } = {},
): Extension {
  const addresses = (options.addresses ?? ['fd00::9']).map(ip)
  const head = (next: number) =>
    u8(next, addresses.length * 2, options.type ?? 2, options.left ?? 0)
  return { header: 43, bytes: next => concat(head(next), u32(0), ...addresses) }
}

/** Fragment header (44); offset in bytes. */
export function fragmentHeader(options: {
  readonly id?: number
  readonly offset?: number
  readonly more?: boolean
}): Extension {
  const place = (options.offset ?? 0) | (options.more ? 1 : 0)
  return { header: 44, bytes: next => concat(u8(next, 0), u16(place), u32(options.id ?? 1)) }
}

/** Authentication header (51) with a 12-byte check value (RFC 4302). */
export function authentication(spi = 0x100): Extension {
  return {
    header: 51,
    bytes: next => concat(u8(next, 4), u16(0), u32(spi, 1), new Uint8Array(12)),
  }
}

/** Mobility header (135), binding refresh request; usually the last one. */
export function mobility(): Extension {
  return { header: 135, bytes: next => concat(u8(next, 0, 0, 0), u16(0, 0)) }
}

/** The layer with the checksum over its pseudo header filled in (RFC 9293 3.1, RFC 8200 8.1). */
export function complete(layer: Layer, src: Uint8Array, dst: Uint8Array): Layer {
  const { checksumAt, protocol = 0, bytes } = layer
  if (checksumAt === undefined) return layer
  const pseudo =
    src.length === 4
      ? concat(src, dst, u8(0, protocol), u16(bytes.length))
      : concat(src, dst, u32(bytes.length, protocol))
  const out = Uint8Array.from(bytes)
  const sum = checksum(pseudo, out)
  // RFC 768: zero would mean "no checksum" in UDP.
  out.set(u16(protocol === 17 && sum === 0 ? 0xffff : sum), checksumAt)
  return { protocol, bytes: out }
}

interface Piece {
  readonly offset: number
  readonly more: boolean
  readonly bytes: Uint8Array
}

function pieces(bytes: Uint8Array, size: number): Piece[] {
  const step = Math.max(8, size - (size % 8))
  const out: Piece[] = []
  for (let offset = 0; offset < bytes.length; offset += step) {
    const more = offset + step < bytes.length
    out.push({ offset, more, bytes: bytes.subarray(offset, offset + step) })
  }
  return out
}
