import { type EventContext } from '../alerts/ecs/context.ts'
import { type Home } from '../enrich/direction.ts'
import { type Enrichment } from '../enrich/enrichment.ts'
import { type Log } from '../operate/log.ts'
import { type Protocols } from '../protocols/protocols.ts'

export interface ContextParts {
  interfaceName(ifindex: number): string | undefined
  readonly home: () => Home
  readonly enrichment: Enrichment
  /** Asked for only when an event is there, so it may be made later. */
  readonly protocols: () => Protocols
}

/** What the stages before know of an event, for its document and for the rules. */
export function eventContext(parts: ContextParts): EventContext {
  const { enrichment } = parts
  return {
    interfaceName: ifindex => parts.interfaceName(ifindex),
    direction: packet => parts.home().direction(packet),
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
    source: packet => enrichment.source(packet),
    destination: packet => enrichment.destination(packet),
    protocolName: flow => parts.protocols().nameOf(flow),
  }
}

/** Reads the files of places anew; with a fault in them the old ones stay. */
export function reloadPlaces({ geo }: Enrichment, log: Log): void {
  try {
    geo.reload()
  } catch (err) {
    log.error({ err }, 'the files of places stay as they were')
  }
}
