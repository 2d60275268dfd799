import { type FlowEvent } from '../../decode/flow.ts'
import { type Packet } from '../../decode/packet.ts'
import { type Signal } from '../../detectors/signal.ts'
import { type DeviceEvent } from '../../enrich/device-event.ts'
import { type EndFacts } from '../../enrich/enrichment.ts'
import { type TrafficEvent } from '../../protocols/traffic.ts'
import { type Slot } from '../fields.ts'

/** Live events that rules look at: what happened, and what was found out about it. */
export type RuleEvent = TrafficEvent | DeviceEvent | Signal

/** What other stages know of an event. */
export interface SlotContext {
  interfaceName(ifindex: number): string | undefined
  direction(packet: Packet): string | undefined
  protocolName?(flow: FlowEvent): string | undefined
  destinationName?(
    packet: Packet,
    start: number,
  ): { readonly name: string; readonly source: string } | undefined
  /** What is known of the two ends. */
  source?(packet: Packet): EndFacts
  destination?(packet: Packet): EndFacts
  /** The event's ECS document: for fields that no slot reads by itself. */
  document(event: RuleEvent): object
}

/** Readers of fields, made once for a context. */
export type SlotTable<Event> = Readonly<Record<string, (context: SlotContext) => Slot<Event>>>
