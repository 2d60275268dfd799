import { type FlowTuple } from './community-id.ts'
import { type OuterAddresses, type Packet } from './packet.ts'

/**
 * An event about a packet: its `kind`, the `packet` (shared by all events made from it), and the
 * packet's fields under their own names. Hot loops over many kinds read `packet` directly.
 */
export abstract class PacketEvent<Kind extends string = string> implements FlowTuple {
  declare readonly kind: Kind
  declare readonly packet: Packet

  constructor(kind: Kind, packet: Packet) {
    this.kind = kind
    this.packet = packet
  }

  /** µs since the Unix epoch. */
  get time(): number {
    return this.packet.time
  }

  /** 4, 6, or 0 for none. */
  get family(): number {
    return this.packet.family
  }

  /** IP protocol number. */
  get protocol(): number {
    return this.packet.protocol
  }

  get ifindex(): number {
    return this.packet.ifindex
  }

  /** `eventFlags`; the getters below read them. */
  get flags(): number {
    return this.packet.flags
  }

  /** Outer VLAN id, 0 for untagged. */
  get vlan(): number {
    return this.packet.vlan
  }

  get innerVlan(): number {
    return this.packet.innerVlan
  }

  /** Time to live or hop limit. */
  get ttl(): number {
    return this.packet.ttl
  }

  get source0(): number {
    return this.packet.source0
  }

  get source1(): number {
    return this.packet.source1
  }

  get source2(): number {
    return this.packet.source2
  }

  get source3(): number {
    return this.packet.source3
  }

  get destination0(): number {
    return this.packet.destination0
  }

  get destination1(): number {
    return this.packet.destination1
  }

  get destination2(): number {
    return this.packet.destination2
  }

  get destination3(): number {
    return this.packet.destination3
  }

  /** Of ICMP: the type. */
  get sourcePort(): number {
    return this.packet.sourcePort
  }

  /** Of ICMP: the answering type, or the code of a type that is not answered. */
  get destinationPort(): number {
    return this.packet.destinationPort
  }

  get sourceMacHigh(): number {
    return this.packet.sourceMacHigh
  }

  get sourceMacLow(): number {
    return this.packet.sourceMacLow
  }

  get destinationMacHigh(): number {
    return this.packet.destinationMacHigh
  }

  get destinationMacLow(): number {
    return this.packet.destinationMacLow
  }

  /** `enum tunnel`, the innermost. */
  get tunnel(): number {
    return this.packet.tunnel
  }

  get tunnelId(): number {
    return this.packet.tunnelId
  }

  get outer(): OuterAddresses | undefined {
    return this.packet.outer
  }

  get sourceIp(): string | undefined {
    return this.packet.sourceIp
  }

  get destinationIp(): string | undefined {
    return this.packet.destinationIp
  }

  /** As ECS writes it, `undefined` where the frame had none. */
  get sourceMac(): string | undefined {
    return this.packet.sourceMac
  }

  get destinationMac(): string | undefined {
    return this.packet.destinationMac
  }

  /** Community ID v1 with seed 0, `undefined` without IP. */
  get communityId(): string | undefined {
    return this.packet.communityId
  }

  /** Whether the responder sent this packet. Of flows: whether its packet caused the record. */
  get fromResponder(): boolean {
    return this.packet.fromResponder
  }

  /** Whether it was seen leaving by the interface; else arriving. */
  get egress(): boolean {
    return this.packet.egress
  }

  /** Whether the frame had an Ethernet header, so that the MACs are real. */
  get onLink(): boolean {
    return this.packet.onLink
  }

  /** Whether bytes of the packet are missing: the capture cut it, or it was over the cap. */
  get cut(): boolean {
    return this.packet.cut
  }

  /** Whether the SYN of this TCP conversation was not seen. */
  get midstream(): boolean {
    return this.packet.midstream
  }

  /** Whether the packet is the first fragment of a longer datagram. */
  get fragmented(): boolean {
    return this.packet.fragmented
  }

  /** `vxlan`, `gre` …, `undefined` outside a tunnel. */
  get tunnelName(): string | undefined {
    return this.packet.tunnelName
  }
}
