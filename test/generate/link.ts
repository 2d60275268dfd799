import { type Content, concat, ip, type Layer, layerOf, mac, raw, u8, u16, u32 } from './bytes.ts'

/** Ethernet ends; the type follows from the content unless given. */
export interface EthernetOptions {
  readonly src?: string
  readonly dst?: string
  readonly type?: number
  /** Pads to this many bytes, as a NIC does up to 60. */
  readonly padTo?: number
}

/** Ethernet II frame. */
export function ethernet(options: EthernetOptions, content: Content): Uint8Array {
  const layer = layerOf(content)
  const frame = concat(
    mac(options.dst ?? '02:00:00:00:00:02'),
    mac(options.src ?? '02:00:00:00:00:01'),
    u16(options.type ?? layer.etherType ?? 0x88b5),
    layer,
  )
  const missing = (options.padTo ?? 0) - frame.length
  return missing > 0 ? concat(frame, new Uint8Array(missing)) : frame
}

/** IEEE 802.3 frame with a length and LLC/SNAP or other content. */
export function ethernet8023(options: EthernetOptions, content: Content): Uint8Array {
  return ethernet({ ...options, type: raw(content).length }, raw(content))
}

export const TPID_8021Q = 0x8100
export const TPID_8021AD = 0x88a8
export const TPID_9100 = 0x9100

/** VLAN tag: 802.1Q unless another TPID is given; nest two for QinQ. */
export function vlan(
  options: {
    readonly id: number
    readonly priority?: number
    readonly tpid?: number
    readonly type?: number
  },
  content: Content,
): Layer {
  const layer = layerOf(content)
  const tag = ((options.priority ?? 0) << 13) | options.id
  return {
    etherType: options.tpid ?? TPID_8021Q,
    bytes: concat(u16(tag, options.type ?? layer.etherType ?? 0x88b5), layer),
  }
}

/** Who says what in an ARP packet. */
export interface ArpOptions {
  /** 1 request, 2 reply. */
  readonly operation?: number
  readonly senderMac?: string
  readonly senderIp: string
  readonly targetMac?: string
  readonly targetIp: string
}

/** ARP for IPv4 over Ethernet (RFC 826). */
export function arp(options: ArpOptions): Layer {
  return {
    etherType: 0x0806,
    bytes: concat(
      u16(1, 0x0800),
      u8(6, 4),
      u16(options.operation ?? 1),
      mac(options.senderMac ?? '02:00:00:00:00:01'),
      ip(options.senderIp),
      mac(options.targetMac ?? '00:00:00:00:00:00'),
      ip(options.targetIp),
    ),
  }
}

/** PPP protocol number of a layer: IPv4, IPv6, MPLS, else LCP. */
export function pppProtocol(layer: Layer): number {
  const numbers: Record<number, number> = { 2048: 0x0021, 34525: 0x0057, 34887: 0x0281 }
  return numbers[layer.etherType ?? 0] ?? 0xc021
}

/** PPPoE session packet (RFC 2516) with its PPP protocol field. */
export function pppoe(
  options: { readonly session: number; readonly protocol?: number },
  content: Content,
): Layer {
  const layer = layerOf(content)
  const ppp = concat(u16(options.protocol ?? pppProtocol(layer)), layer)
  return { etherType: 0x8864, bytes: concat(u8(0x11, 0), u16(options.session, ppp.length), ppp) }
}

/** MPLS label stack (RFC 3032), outermost label first. */
export function mpls(labels: readonly number[], content: Content): Layer {
  const stack = labels.map((label, i) =>
    u32(((label << 12) | ((i === labels.length - 1 ? 1 : 0) << 8) | 64) >>> 0),
  )
  return { etherType: 0x8847, protocol: 137, bytes: concat(...stack, content) }
}

/** Linux cooked capture v1 (link type 113); `type` 0 to us … 4 sent by us. */
export function sll(
  options: { readonly src?: string; readonly type?: number; readonly protocol?: number },
  content: Content,
): Uint8Array {
  const layer = layerOf(content)
  return concat(
    u16(options.type ?? 0, 1, 6),
    mac(options.src ?? '02:00:00:00:00:01'),
    u16(0, options.protocol ?? layer.etherType ?? 0),
    layer,
  )
}

/** Linux cooked capture v2 (link type 276). */
export function sll2(
  options: {
    readonly src?: string
    readonly type?: number
    readonly protocol?: number
    readonly ifindex?: number
  },
  content: Content,
): Uint8Array {
  const layer = layerOf(content)
  return concat(
    u16(options.protocol ?? layer.etherType ?? 0, 0),
    u32(options.ifindex ?? 1),
    u16(1),
    u8(options.type ?? 0, 6),
    mac(options.src ?? '02:00:00:00:00:01'),
    u16(0),
    layer,
  )
}

/** BSD loopback (link type 0, host order; 108 with `big`): address family, then the packet. */
export function loopback(
  options: { readonly big?: boolean; readonly family?: number },
  content: Content,
): Uint8Array {
  const family = options.family ?? (layerOf(content).etherType === 0x86dd ? 30 : 2)
  const word = u32(family)
  return concat(options.big ? word : word.reverse(), content)
}

/** PPP frame (link types 9, 50): address and control bytes unless `bare`. */
export function ppp(
  options: { readonly bare?: boolean; readonly protocol?: number },
  content: Content,
): Uint8Array {
  const layer = layerOf(content)
  const head = options.bare ? u8() : u8(0xff, 0x03)
  return concat(head, u16(options.protocol ?? pppProtocol(layer)), layer)
}
