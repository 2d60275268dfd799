import { isoTime } from '../../decode/clock.ts'
import { type FlowEvent } from '../../decode/flow.ts'
import { applicationName, ipProtocol } from '../../decode/protocol.ts'
import { tcpFlagNames } from '../../decode/tcp.ts'
import { type DomainParts, domainParts } from '../../protocols/dns-ecs.ts'
import { type SlotContext, type SlotTable } from './context.ts'

const actions = { start: 'flow-start', update: 'flow-update', end: 'flow-end' }
const types = {
  start: ['connection', 'start'],
  update: ['connection', 'info'],
  end: ['connection', 'end'],
}

export const flowSlots: SlotTable<FlowEvent> = {
  'event.action': () => flow => actions[flow.action],
  'event.type': () => flow => types[flow.action],
  'event.start': () => flow => isoTime(flow.start),
  'event.end': () => flow => (flow.action === 'start' ? undefined : isoTime(flow.end)),
  'event.duration': () => flow => (flow.action === 'start' ? undefined : flow.duration),
  'source.bytes': () => flow => flow.sourceBytes,
  'source.packets': () => flow => flow.sourcePackets,
  'destination.bytes': () => flow => flow.destinationBytes,
  'destination.packets': () => flow => flow.destinationPackets,
  'network.bytes': () => flow => flow.bytes,
  'network.packets': () => flow => flow.packets,
  'network.protocol': context => flow => applicationName(flow.l7) ?? context.protocolName?.(flow),
  'destination.domain': context => flow => context.destinationName?.(flow.packet, flow.start)?.name,
  'destination.registered_domain': context => flow => parts(flow, context)?.registered_domain,
  'destination.subdomain': context => flow => parts(flow, context)?.subdomain,
  'destination.top_level_domain': context => flow => parts(flow, context)?.top_level_domain,
  'orthrus.destination.domain_source': context => flow =>
    context.destinationName?.(flow.packet, flow.start)?.source,
  'orthrus.flow.state': () => flow => flow.state,
  'orthrus.flow.history': () => flow => flow.history || undefined,
  'orthrus.flow.source_payload_bytes': () => flow => flow.sourcePayload,
  'orthrus.flow.destination_payload_bytes': () => flow => flow.destinationPayload,
  'orthrus.tcp.flags': () => flow =>
    flow.protocol === ipProtocol.tcp ? filled(tcpFlagNames(flow.tcpFlags)) : undefined,
}

function parts(flow: FlowEvent, context: SlotContext): DomainParts | undefined {
  const domain = context.destinationName?.(flow.packet, flow.start)
  return domain && domainParts(domain.name)
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}
