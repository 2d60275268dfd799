import {
  type Content,
  checksum,
  concat,
  ip,
  type Layer,
  layerOf,
  raw,
  u8,
  u16,
  u24,
  u32,
} from './bytes.ts'
import { pppProtocol } from './link.ts'
import { udp } from './transport.ts'

/** GRE header fields (RFC 2784, 2890); the protocol follows from the content: bytes are Ethernet. */
export interface GreOptions {
  readonly key?: number
  readonly seq?: number
  readonly checksum?: boolean
  readonly protocol?: number
}

/** GRE version 0 with optional checksum, key and sequence number. */
export function gre(options: GreOptions, content: Content): Layer {
  const layer = layerOf(content)
  const { key, seq } = options
  const flags =
    (options.checksum ? 0x8000 : 0) |
    (key === undefined ? 0 : 0x2000) |
    (seq === undefined ? 0 : 0x1000)
  const bytes = concat(
    u16(flags, options.protocol ?? layer.etherType ?? 0x6558),
    options.checksum ? u32(0) : u8(),
    key === undefined ? u8() : u32(key),
    seq === undefined ? u8() : u32(seq),
    layer,
  )
  if (options.checksum) bytes.set(u16(checksum(bytes)), 4)
  return { protocol: 47, bytes }
}

/** NVGRE (RFC 7637): GRE key = 24-bit virtual subnet and flow id, Ethernet inside. */
export function nvgre(
  options: { readonly vsid: number; readonly flow?: number },
  frame: Content,
): Layer {
  return gre(
    { key: ((options.vsid << 8) | (options.flow ?? 0)) >>> 0, protocol: 0x6558 },
    raw(frame),
  )
}

/** ERSPAN type I: bare GRE, no sequence number, Ethernet at once. */
export function erspan1(frame: Content): Layer {
  return gre({ protocol: 0x88be }, raw(frame))
}

/** ERSPAN type II: 8-byte header after GRE with sequence number. */
export function erspan2(
  options: { readonly session: number; readonly vlan?: number },
  frame: Content,
): Layer {
  const head = concat(u16((1 << 12) | (options.vlan ?? 0), options.session), u32(0))
  return gre({ seq: 1, protocol: 0x88be }, concat(head, frame))
}

/** ERSPAN type III: 12-byte header, and the 8-byte platform part when asked for. */
export function erspan3(
  options: { readonly session: number; readonly vlan?: number; readonly platform?: boolean },
  frame: Content,
): Layer {
  const head = concat(
    u16((2 << 12) | (options.vlan ?? 0), options.session),
    u32(0x12345678),
    u16(0, options.platform ? 1 : 0),
    options.platform ? u32(0, 0) : u8(),
  )
  return gre({ seq: 1, protocol: 0x22eb }, concat(head, frame))
}

/** PPTP's GRE version 1 (RFC 2637) with PPP inside. */
export function pptp(
  options: { readonly call: number; readonly seq?: number; readonly ack?: number },
  content: Content,
): Layer {
  const layer = layerOf(content)
  const ppp = concat(u8(0xff, 0x03), u16(pppProtocol(layer)), layer)
  const flags = 0x2001 | (options.ack === undefined ? 0 : 0x80) | 0x1000
  return {
    protocol: 47,
    bytes: concat(
      u16(flags, 0x880b, ppp.length, options.call),
      u32(options.seq ?? 1),
      options.ack === undefined ? u8() : u32(options.ack),
      ppp,
    ),
  }
}

/** VXLAN (RFC 7348) in UDP. */
export function vxlan(
  options: { readonly vni: number; readonly srcPort?: number; readonly dstPort?: number },
  frame: Content,
): Layer {
  const head = concat(u8(0x08, 0, 0, 0), u24(options.vni), u8(0))
  return udp(
    { srcPort: options.srcPort ?? 49152, dstPort: options.dstPort ?? 4789 },
    concat(head, frame),
  )
}

/** GENEVE (RFC 8926) in UDP; option data a multiple of 4 bytes; bytes inside are Ethernet. */
export function geneve(
  options: {
    readonly vni: number
    readonly options?: readonly Uint8Array[]
    readonly dstPort?: number
  },
  content: Content,
): Layer {
  const layer = layerOf(content)
  const extra = concat(
    ...(options.options ?? []).map(data => concat(u16(0x0102), u8(0x80, data.length / 4), data)),
  )
  const head = concat(
    u8(extra.length / 4, 0),
    u16(layer.etherType ?? 0x6558),
    u24(options.vni),
    u8(0),
    extra,
  )
  return udp({ srcPort: 49153, dstPort: options.dstPort ?? 6081 }, concat(head, layer))
}

/** GTP-U G-PDU (3GPP TS 29.281) in UDP, with sequence number and extension headers if given. */
export function gtpu(
  options: {
    readonly teid: number
    readonly seq?: number
    /** Type and content (4n - 2 bytes) of each extension header. */
    readonly extensions?: readonly { readonly type: number; readonly content: Uint8Array }[]
  },
  content: Content,
): Layer {
  const extensions = options.extensions ?? []
  const optional = options.seq !== undefined || extensions.length > 0
  const chain = extensions.map(({ content: inner }, i) =>
    concat(u8((inner.length + 2) / 4), inner, u8(extensions[i + 1]?.type ?? 0)),
  )
  const more = optional
    ? concat(u16(options.seq ?? 0), u8(0, extensions[0]?.type ?? 0), ...chain)
    : u8()
  const flags = 0x30 | (options.seq === undefined ? 0 : 2) | (extensions.length > 0 ? 4 : 0)
  const body = concat(more, content)
  const head = concat(u8(flags, 0xff), u16(body.length), u32(options.teid))
  return udp({ srcPort: 2152, dstPort: 2152 }, concat(head, body))
}

/** Teredo (RFC 4380): IPv6 in UDP, with authentication and origin indications if asked for. */
export function teredo(
  options: {
    readonly authentication?: boolean
    readonly origin?: string
    readonly srcPort?: number
  },
  packet: Layer,
): Layer {
  const auth = options.authentication ? concat(u16(0x0001), u8(0, 0), new Uint8Array(9)) : u8()
  // RFC 4380 5.1.1: origin port and address are inverted.
  const origin = options.origin
    ? concat(
        u16(0, 4095 ^ 0xffff),
        ip(options.origin).map(byte => byte ^ 0xff),
      )
    : u8()
  return udp({ srcPort: options.srcPort ?? 50000, dstPort: 3544 }, concat(auth, origin, packet))
}
