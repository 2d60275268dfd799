import { type Signal } from '../detectors/signal.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type TrafficEvent } from '../protocols/traffic.ts'
import { arpFields } from './ecs/arp.ts'
import { commonFields } from './ecs/common.ts'
import { type EventContext } from './ecs/context.ts'
import { deviceDocument } from './ecs/device.ts'
import { dhcpDocument } from './ecs/dhcp.ts'
import { dnsDocument } from './ecs/dns.ts'
import { type Fields, joinFields } from './ecs/document.ts'
import { flowFields } from './ecs/flow.ts'
import { httpDocument } from './ecs/http.ts'
import { icmpFields } from './ecs/icmp.ts'
import { ndpFields } from './ecs/ndp.ts'
import { signalDocument } from './ecs/signal.ts'
import { sshDocument } from './ecs/ssh.ts'
import { quicDocument, tlsDocument } from './ecs/tls.ts'

/** Events that have a document of their own; messages and fragments become other events first. */
export type DocumentedEvent = TrafficEvent | DeviceEvent | Signal

/** The event as a nested ECS 9.4 object, as `orthrus replay --events` prints it. */
export function eventDocument(event: DocumentedEvent, context: EventContext): Fields {
  if (event.kind === 'device') return deviceDocument(event, context)
  if (event.kind === 'signal') return signalDocument(event, context, eventDocument)
  const common = commonFields(event.kind, event.packet, context)
  return joinFields(common, ownFields(event, context))
}

function ownFields(event: TrafficEvent, context: EventContext): Fields {
  switch (event.kind) {
    case 'flow':
      return flowFields(event, context)
    case 'arp':
      return arpFields(event)
    case 'ndp':
      return ndpFields(event)
    case 'icmp':
      return icmpFields(event)
    case 'dns':
      return dnsDocument(event)
    case 'tls':
      return tlsDocument(event)
    case 'quic':
      return quicDocument(event)
    case 'http':
      return httpDocument(event)
    case 'ssh':
      return sshDocument(event)
    case 'dhcp':
      return dhcpDocument(event)
  }
}
