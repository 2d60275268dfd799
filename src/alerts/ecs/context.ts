import { type FlowEvent } from '../../decode/flow.ts'
import { type Packet } from '../../decode/packet.ts'
import { type Direction } from '../../enrich/direction.ts'
import { type Observer } from '../alert.ts'

/** A name for an address, and where it came from: `tls`, `http`, `dns` … */
export interface DomainName {
  readonly name: string
  readonly source: string
}

/** What a document says beyond its event: the sensor, and what other stages know. */
export interface EventContext {
  readonly observer?: Observer
  interfaceName(ifindex: number): string | undefined
  direction(packet: Packet): Direction | undefined
  /** The protocol of a flow by its content, beyond what its record says. */
  protocolName?(flow: FlowEvent): string | undefined
  /** The name of the destination, where one is known. */
  destinationName?(packet: Packet): DomainName | undefined
}
