import { IpAddress, ipText } from './address.ts'
import { type Clock, microseconds } from './clock.ts'
import { communityId, type FlowTuple } from './community-id.ts'
import { macText, readHigh, readLow } from './mac.ts'
import { tunnelName } from './protocol.ts'
import { eventFlags, layout, outerOffset } from './record.ts'

const { at } = layout.event

/** The outermost addresses that the kernel kept of a tunnelled packet. */
export interface OuterAddresses {
  readonly source: IpAddress
  readonly destination: IpAddress
}

/**
 * What every kernel record says, whatever its kind. The source opened the conversation (or sent the
 * request), whoever sent this packet. Addresses are four signed 32-bit words in network order, IPv4
 * in the first; MACs two numbers of 24 bits. Texts are made when asked for. One class for all kinds,
 * so that V8 sees one shape wherever it is made or read; fields are `declare`d, as class fields
 * would be written twice on the hot path.
 */
export class Packet implements FlowTuple {
  /** µs since the Unix epoch. */
  declare readonly time: number
  /** 4, 6, or 0 for none. */
  declare readonly family: number
  /** IP protocol number. */
  declare readonly protocol: number
  declare readonly ifindex: number
  /** `eventFlags`; the getters below read them. */
  declare readonly flags: number
  /** Outer VLAN id, 0 for untagged. */
  declare readonly vlan: number
  declare readonly innerVlan: number
  /** Time to live or hop limit. */
  declare readonly ttl: number
  declare readonly source0: number
  declare readonly source1: number
  declare readonly source2: number
  declare readonly source3: number
  declare readonly destination0: number
  declare readonly destination1: number
  declare readonly destination2: number
  declare readonly destination3: number
  /** Of ICMP: the type. */
  declare readonly sourcePort: number
  /** Of ICMP: the answering type, or the code of a type that is not answered. */
  declare readonly destinationPort: number
  declare readonly sourceMacHigh: number
  declare readonly sourceMacLow: number
  declare readonly destinationMacHigh: number
  declare readonly destinationMacLow: number
  /** `enum tunnel`, the innermost. */
  declare readonly tunnel: number
  declare readonly tunnelId: number
  declare readonly outer: OuterAddresses | undefined
  declare private communityIdText: string | undefined

  /** Reads the common part of the record at `offset`; `swap` when its sender is the responder. */
  constructor(view: DataView, offset: number, clock: Clock, swap: boolean) {
    const from = offset + (swap ? at.dst : at.src)
    const to = offset + (swap ? at.src : at.dst)
    const fromMac = offset + (swap ? at.dst_mac : at.src_mac)
    const toMac = offset + (swap ? at.src_mac : at.dst_mac)
    this.time = microseconds(view, offset + at.time, clock)
    this.family = view.getUint8(offset + at.family)
    this.protocol = view.getUint8(offset + at.protocol)
    this.ifindex = view.getUint32(offset + at.ifindex, true)
    this.flags = view.getUint16(offset + at.flags, true)
    this.vlan = view.getUint16(offset + at.vlan, true)
    this.innerVlan = view.getUint16(offset + at.inner_vlan, true)
    this.ttl = view.getUint8(offset + at.ttl)
    this.source0 = view.getInt32(from)
    this.source1 = view.getInt32(from + 4)
    this.source2 = view.getInt32(from + 8)
    this.source3 = view.getInt32(from + 12)
    this.destination0 = view.getInt32(to)
    this.destination1 = view.getInt32(to + 4)
    this.destination2 = view.getInt32(to + 8)
    this.destination3 = view.getInt32(to + 12)
    this.sourcePort = view.getUint16(offset + (swap ? at.dst_port : at.src_port), true)
    this.destinationPort = view.getUint16(offset + (swap ? at.src_port : at.dst_port), true)
    this.sourceMacHigh = readHigh(view, fromMac)
    this.sourceMacLow = readLow(view, fromMac)
    this.destinationMacHigh = readHigh(view, toMac)
    this.destinationMacLow = readLow(view, toMac)
    this.tunnel = view.getUint8(offset + at.tunnel)
    this.tunnelId = view.getUint32(offset + at.tunnel_id, true)
    this.outer = this.flags & eventFlags.EVENT_TUNNELLED ? readOuter(view, offset, swap) : undefined
    this.communityIdText = undefined
  }

  get sourceIp(): string | undefined {
    return ipText(this.family, this.source0, this.source1, this.source2, this.source3)
  }

  get destinationIp(): string | undefined {
    return ipText(
      this.family,
      this.destination0,
      this.destination1,
      this.destination2,
      this.destination3,
    )
  }

  /** As ECS writes it, `undefined` where the frame had none. */
  get sourceMac(): string | undefined {
    return macText(this.sourceMacHigh, this.sourceMacLow)
  }

  get destinationMac(): string | undefined {
    return macText(this.destinationMacHigh, this.destinationMacLow)
  }

  /** Community ID v1 with seed 0, `undefined` without IP. */
  get communityId(): string | undefined {
    this.communityIdText ??= communityId(this)
    return this.communityIdText
  }

  /** Whether the responder sent this packet. Of flows: whether its packet caused the record. */
  get fromResponder(): boolean {
    return (this.flags & eventFlags.EVENT_REPLY) !== 0
  }

  /** Whether it was seen leaving by the interface; else arriving. */
  get egress(): boolean {
    return (this.flags & eventFlags.EVENT_EGRESS) !== 0
  }

  /** Whether the frame had an Ethernet header, so that the MACs are real. */
  get onLink(): boolean {
    return (this.flags & eventFlags.EVENT_ON_LINK) !== 0
  }

  /** Whether bytes of the packet are missing: the capture cut it, or it was over the cap. */
  get cut(): boolean {
    return (this.flags & eventFlags.EVENT_CUT) !== 0
  }

  /** Whether the SYN of this TCP conversation was not seen. */
  get midstream(): boolean {
    return (this.flags & eventFlags.EVENT_MIDSTREAM) !== 0
  }

  /** Whether the packet is the first fragment of a longer datagram. */
  get fragmented(): boolean {
    return (this.flags & eventFlags.EVENT_FRAGMENTED) !== 0
  }

  /** Whether bytes before its message have not come, which may show that it is the middle of one. */
  get doubtful(): boolean {
    return (this.flags & eventFlags.EVENT_DOUBTFUL) !== 0
  }

  /** `vxlan`, `gre` …, `undefined` outside a tunnel. */
  get tunnelName(): string | undefined {
    return tunnelName(this.tunnel)
  }
}

function readOuter(view: DataView, offset: number, swap: boolean): OuterAddresses | undefined {
  const family = view.getUint8(offset + at.outer_family)
  // PPPoE and MPLS have no IP around them.
  if (family !== 4 && family !== 6) return undefined
  const start = outerOffset(view, offset)
  const sender = start + layout.event_outer.at.src
  const receiver = start + layout.event_outer.at.dst
  return {
    source: IpAddress.read(view, swap ? receiver : sender, family),
    destination: IpAddress.read(view, swap ? sender : receiver, family),
  }
}

/** Whether the record at `offset` was sent by the responder, so that its ends are to be swapped. */
export function isReply(view: DataView, offset: number): boolean {
  return (view.getUint16(offset + at.flags, true) & eventFlags.EVENT_REPLY) !== 0
}
