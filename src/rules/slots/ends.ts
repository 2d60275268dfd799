import { type Packet } from '../../decode/packet.ts'
import { type EndFacts } from '../../enrich/enrichment.ts'
import { type TrafficEvent } from '../../protocols/traffic.ts'
import { type SlotContext, type SlotTable } from './context.ts'

/** Fields of all kinds about who and where the ends are. */
export const endSlots: SlotTable<TrafficEvent> = {
  'orthrus.source.device': context => read(source(context), facts => facts.device),
  'orthrus.destination.device': context => read(destination(context), facts => facts.device),
  'source.geo.country_iso_code': context => read(source(context), facts => facts.place?.country),
  'source.as.number': context => read(source(context), facts => facts.place?.asn),
  'destination.geo.country_iso_code': context =>
    read(destination(context), facts => facts.place?.country),
  'destination.as.number': context => read(destination(context), facts => facts.place?.asn),
}

type Find = (packet: Packet) => EndFacts | undefined
type Ask = (event: TrafficEvent) => EndFacts | undefined

const sources = new WeakMap<SlotContext, Ask>()
const destinations = new WeakMap<SlotContext, Ask>()

function source(context: SlotContext): Ask {
  return askOf(sources, context, packet => context.source?.(packet))
}

function destination(context: SlotContext): Ask {
  return askOf(destinations, context, packet => context.destination?.(packet))
}

/** One for all fields of a context. */
function askOf(known: WeakMap<SlotContext, Ask>, context: SlotContext, find: Find): Ask {
  const made = known.get(context) ?? remembered(find)
  known.set(context, made)
  return made
}

/** The rules of an event come one after the other: what they all ask for is found once. */
function remembered(find: Find): Ask {
  let latest: TrafficEvent | undefined
  let found: EndFacts | undefined
  return event => {
    if (event !== latest) {
      found = find(event.packet)
      latest = event
    }
    return found
  }
}

function read<T>(ask: Ask, field: (facts: EndFacts) => T) {
  return (event: TrafficEvent): T | undefined => {
    const facts = ask(event)
    return facts && field(facts)
  }
}
