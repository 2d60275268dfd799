import { type Content, concat, type Layer, layerOf, raw, u8, u16, u24, u32 } from './bytes.ts'
import { pppProtocol } from './link.ts'
import { udp } from './transport.ts'

const ipVersion = (layer: Layer) => (layer.etherType === 0x86dd ? 2 : 1)

/** Provider backbone (IEEE 802.1ah): a service id, then a customer's frame. */
export function pbb(service: number, frame: Content): Layer {
  return { etherType: 0x88e7, bytes: concat(u8(0), u24(service), raw(frame)) }
}

/** Cisco FabricPath: a tree, a TTL, then a frame. */
export function fabricPath(tree: number, frame: Content): Layer {
  return { etherType: 0x8903, bytes: concat(u16((tree << 6) | 33), raw(frame)) }
}

/** TRILL (RFC 6325 3) with `words` of options. */
export function trill(ingress: number, words: number, frame: Content): Layer {
  const head = u16((words << 6) | 9, 0x1234, ingress)
  return { etherType: 0x22f3, bytes: concat(head, new Uint8Array(words * 4), raw(frame)) }
}

/** NSH (RFC 8300) with metadata of type 1; bytes inside are Ethernet. */
export function nsh(path: number, content: Content): Layer {
  const layer = layerOf(content)
  const next = layer.etherType === undefined ? 3 : ipVersion(layer)
  const head = concat(u8(0x0f, 0xc6, 1, next), u24(path), u8(255), u32(1, 2, 3, 4))
  return { etherType: 0x894f, bytes: concat(head, layer) }
}

/** A tag of six bytes before the EtherType of `content`: Cisco MetaData, 802.1BR. */
export function longTag(etherType: number, tag: Uint8Array, content: Content): Layer {
  const layer = layerOf(content)
  return { etherType, bytes: concat(tag, u16(layer.etherType ?? 0x88b5), layer) }
}

/** MACsec (IEEE 802.1AE) that protects, with or without an identifier, or that encrypts. */
export function macsec(
  options: { readonly identifier?: boolean; readonly encrypts?: boolean },
  content: Content,
): Layer {
  const { identifier = false, encrypts = false } = options
  const tag = u8((identifier ? 0x20 : 0) | (encrypts ? 0x0c : 0), 0, 0, 0, 0, 1)
  const layer = longTag(
    0x88e5,
    concat(tag, identifier ? u32(0x02000000, 0x00010001) : u8()),
    content,
  )
  return { etherType: 0x88e5, bytes: concat(layer, new Uint8Array(16)) }
}

/** L2TP version 2 (RFC 2661) with PPP inside. */
export function l2tp(
  options: {
    readonly tunnel: number
    readonly session: number
    readonly length?: boolean
    readonly sequence?: boolean
    readonly offset?: number
  },
  content: Content,
): Layer {
  const layer = layerOf(content)
  const ppp = concat(u8(0xff, 0x03), u16(pppProtocol(layer)), layer)
  const { tunnel, session, length = false, sequence = false, offset } = options
  const flags =
    (length ? 0x4000 : 0) | (sequence ? 0x0800 : 0) | (offset === undefined ? 0 : 0x0200) | 2
  const tail = concat(
    u16(tunnel, session),
    sequence ? u16(1, 0) : u8(),
    offset === undefined ? u8() : concat(u16(offset), new Uint8Array(offset)),
    ppp,
  )
  const head = concat(u16(flags), length ? u16(tail.length + 4) : u8())
  return udp({ srcPort: 1701, dstPort: 1701 }, concat(head, tail))
}

/** EtherIP (RFC 3378). */
export function etherIp(frame: Content): Layer {
  return { protocol: 97, bytes: concat(u16(0x3000), raw(frame)) }
}

/** AYIYA with an identity of 2^`power` bytes and a signature of `words`. */
export function ayiya(power: number, words: number, content: Content): Layer {
  const layer = layerOf(content)
  const next = layer.etherType === 0x86dd ? 41 : 4
  const head = concat(u8((power << 4) | 2, (words << 4) | 2, 0x11, next), u32(1_700_000_000))
  const rest = new Uint8Array(2 ** power + words * 4)
  return udp({ srcPort: 5072, dstPort: 5072 }, concat(head, rest, layer))
}

/** LISP (RFC 9300 5) from any port. */
export function lisp(content: Content): Layer {
  return udp({ srcPort: 61_234, dstPort: 4341 }, concat(u32(0x80abcdef, 1), content))
}

/** TaZmen Sniffer Protocol with a padding tag, a tag with data, the end. */
export function tzsp(frame: Content): Layer {
  const head = u8(1, 0, 0, 1, 0, 10, 1, 0xc4, 1)
  return udp({ srcPort: 45_000, dstPort: 37_008 }, concat(head, raw(frame)))
}

/** VXLAN-GPE; without `next` the P flag is not set and a frame follows, as in VXLAN. */
export function vxlanGpe(
  options: { readonly vni: number; readonly next?: number },
  content: Content,
): Layer {
  const { vni, next } = options
  const head = concat(u8(next === undefined ? 8 : 12, 0, 0, next ?? 0), u24(vni), u8(0))
  return udp({ srcPort: 45_000, dstPort: 4790 }, concat(head, raw(content)))
}

/** MPLS in UDP (RFC 7510). */
export function mplsUdp(stack: Layer): Layer {
  return udp({ srcPort: 45_000, dstPort: 6635 }, raw(stack))
}

/** CAPWAP data (RFC 5415 4.3) with an Ethernet frame, or with a frame of IEEE 802.11 (`wireless80211`). */
export function capwap(content: Content, radio = false): Layer {
  const head = concat(u8(0, 0x10, radio ? 0x03 : 0x02, 0), u32(0))
  return udp({ srcPort: 45_000, dstPort: 5247 }, concat(head, raw(content)))
}

/** A data frame of a station (IEEE 802.11 9.3.2.1); some access points turn the control bytes round. */
export function wireless80211(
  layer: Layer,
  options: { readonly qos?: boolean; readonly turned?: boolean; readonly protect?: boolean } = {},
): Uint8Array {
  const { qos = false, turned = false, protect = false } = options
  const control = [qos ? 0x88 : 0x08, protect ? 0x41 : 0x01]
  const head = concat(u8(...(turned ? control.reverse() : control)), new Uint8Array(22))
  const snap = concat(u8(0xaa, 0xaa, 3, 0, 0, 0), u16(layer.etherType ?? 0x0800))
  return concat(head, new Uint8Array(qos ? 2 : 0), snap, layer)
}
