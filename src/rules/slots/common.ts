import { isoTime } from '../../decode/clock.ts'
import { hasPorts, transportName } from '../../decode/protocol.ts'
import { type TrafficEvent } from '../../protocols/traffic.ts'
import { type SlotTable } from './context.ts'

/** Fields that all kinds read alike: not those that ARP and NDP take from inside the message. */
export const commonSlots: SlotTable<TrafficEvent> = {
  '@timestamp': () => event => isoTime(event.time),
  'event.dataset': () => event => `orthrus.${event.kind}`,
  'network.direction': context => event => context.direction(event.packet),
  'destination.mac': () => event => event.packet.destinationMac,
  'source.ip': () => event => event.packet.sourceIp,
  'network.vlan.id': () => event => vlanId(event.packet.vlan),
  'network.inner.vlan.id': () => event => vlanId(event.packet.innerVlan),
  'observer.ingress.interface.name': context => event =>
    event.packet.egress ? undefined : context.interfaceName(event.packet.ifindex),
  'observer.egress.interface.name': context => event =>
    event.packet.egress ? context.interfaceName(event.packet.ifindex) : undefined,
}

/** Fields of packets with IP in all kinds but ARP and NDP. */
export const ipSlots: SlotTable<TrafficEvent> = {
  'source.mac': () => event => event.packet.sourceMac,
  'destination.ip': () => event => event.packet.destinationIp,
  'source.port':
    () =>
    ({ packet }) =>
      packet.family !== 0 && hasPorts(packet.protocol) ? packet.sourcePort : undefined,
  'destination.port':
    () =>
    ({ packet }) =>
      packet.family !== 0 && hasPorts(packet.protocol) ? packet.destinationPort : undefined,
  'network.type':
    () =>
    ({ packet }) =>
      families[packet.family],
  'network.transport':
    () =>
    ({ packet }) =>
      packet.family === 0 ? undefined : transportName(packet.protocol),
  'network.iana_number':
    () =>
    ({ packet }) =>
      packet.family === 0 ? undefined : String(packet.protocol),
  'network.community_id':
    () =>
    ({ packet }) =>
      packet.communityId,
}

const families: Readonly<Record<number, string>> = { 4: 'ipv4', 6: 'ipv6' }

function vlanId(vlan: number): string | undefined {
  return vlan === 0 ? undefined : String(vlan)
}
