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

type Ask = (packet: Packet) => EndFacts | undefined

const source =
  (context: SlotContext): Ask =>
  packet =>
    context.source?.(packet)

const destination =
  (context: SlotContext): Ask =>
  packet =>
    context.destination?.(packet)

function read<T>(ask: Ask, field: (facts: EndFacts) => T) {
  return (event: TrafficEvent): T | undefined => {
    const facts = ask(event.packet)
    return facts && field(facts)
  }
}
