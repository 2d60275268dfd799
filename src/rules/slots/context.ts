import { type ArpEvent } from '../../decode/arp.ts'
import { type FlowEvent } from '../../decode/flow.ts'
import { type IcmpEvent } from '../../decode/icmp.ts'
import { type NdpEvent } from '../../decode/ndp.ts'
import { type Packet } from '../../decode/packet.ts'
import { type DhcpEvent } from '../../protocols/dhcp-events.ts'
import { type DnsEvent } from '../../protocols/dns-events.ts'
import { type HttpEvent } from '../../protocols/http-events.ts'
import { type QuicEvent } from '../../protocols/quic-events.ts'
import { type SshEvent } from '../../protocols/ssh-events.ts'
import { type TlsEvent } from '../../protocols/tls-events.ts'
import { type Slot } from '../fields.ts'

/** Live events that rules look at. */
export type TrafficEvent =
  | FlowEvent
  | ArpEvent
  | NdpEvent
  | IcmpEvent
  | DnsEvent
  | TlsEvent
  | QuicEvent
  | HttpEvent
  | SshEvent
  | DhcpEvent

/** What other stages know of an event. */
export interface SlotContext {
  interfaceName(ifindex: number): string | undefined
  direction(packet: Packet): string | undefined
  protocolName?(flow: FlowEvent): string | undefined
  destinationName?(
    packet: Packet,
    start: number,
  ): { readonly name: string; readonly source: string } | undefined
  /** The event's ECS document: for fields that no slot reads by itself. */
  document(event: TrafficEvent): object
}

/** Readers of fields, made once for a context. */
export type SlotTable<Event> = Readonly<Record<string, (context: SlotContext) => Slot<Event>>>
