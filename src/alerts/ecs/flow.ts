import { isoTime } from '../../decode/clock.ts'
import { type FlowAction, type FlowEvent } from '../../decode/flow.ts'
import { applicationName, ipProtocol } from '../../decode/protocol.ts'
import { tcpFlagNames } from '../../decode/tcp.ts'
import { domainParts } from '../../protocols/dns-ecs.ts'
import { ipFields } from './common.ts'
import { type EventContext } from './context.ts'
import { type Fields, joinFields } from './document.ts'

const types = { start: 'start', update: 'info', end: 'end' } as const satisfies Record<
  FlowAction,
  string
>

/** `orthrus.flow`: totals of both sides, when it began and ended, and how. */
export function flowFields(flow: FlowEvent, context: EventContext): Fields {
  const domain = context.destinationName?.(flow.packet, flow.start)
  return joinFields(ipFields(flow.packet), {
    event: {
      action: `flow-${flow.action}`,
      type: ['connection', types[flow.action]],
      ...times(flow),
    },
    source: { bytes: flow.sourceBytes, packets: flow.sourcePackets },
    destination: {
      bytes: flow.destinationBytes,
      packets: flow.destinationPackets,
      domain: domain?.name,
      ...(domain && domainParts(domain.name)),
    },
    network: {
      bytes: flow.bytes,
      packets: flow.packets,
      protocol: applicationName(flow.l7) ?? context.protocolName?.(flow),
    },
    related: { hosts: domain === undefined ? [] : [domain.name] },
    orthrus: {
      flow: {
        state: flow.state,
        history: flow.history === '' ? undefined : flow.history,
        source_payload_bytes: flow.sourcePayload,
        destination_payload_bytes: flow.destinationPayload,
      },
      tcp: { flags: flow.protocol === ipProtocol.tcp ? tcpFlagNames(flow.tcpFlags) : undefined },
      destination: { domain_source: domain?.source },
    },
  })
}

/** A flow that has just started has no end, and lasted no time that says anything. */
function times({ action, start, end, duration }: FlowEvent): Fields {
  if (action === 'start') return { start: isoTime(start) }
  return { start: isoTime(start), end: isoTime(end), duration }
}
