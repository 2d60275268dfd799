import { type FlowEvent } from '../../decode/flow.ts'
import { type Packet } from '../../decode/packet.ts'
import { type Direction } from '../../enrich/direction.ts'
import { type EndFacts } from '../../enrich/enrichment.ts'
import { type DomainName } from '../../enrich/names.ts'
import { type Observer } from '../alert.ts'

/** What a document says beyond its event: the sensor, and what other stages know. */
export interface EventContext {
  readonly observer?: Observer
  interfaceName(ifindex: number): string | undefined
  direction(packet: Packet): Direction | undefined
  /** The protocol of a flow by its content, beyond what its record says. */
  protocolName?(flow: FlowEvent): string | undefined
  /** The name of the destination, where one is known, of a conversation that began at `start`. */
  destinationName?(packet: Packet, start: number): DomainName | undefined
  /** What is known of the two ends. */
  source?(packet: Packet): EndFacts
  destination?(packet: Packet): EndFacts
}
