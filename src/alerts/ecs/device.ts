import { isoTime } from '../../decode/clock.ts'
import { type DeviceEvent } from '../../enrich/device-event.ts'
import { ecsVersion, observerFields } from '../alert.ts'
import { type EventContext } from './context.ts'
import { deviceSentence } from './device-sentence.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.device`: whom the inventory met, or what is new about it. */
export function deviceDocument(event: DeviceEvent, { observer }: EventContext): Fields {
  const { sourceIp, vlan } = event
  return joinFields({
    '@timestamp': isoTime(event.time),
    ecs: { version: ecsVersion },
    message: deviceSentence(event),
    event: {
      kind: 'event',
      category: ['network'],
      type: ['info'],
      module: 'orthrus',
      dataset: 'orthrus.device',
      action: event.action,
    },
    observer: {
      ...(observer === undefined ? {} : observerFields(observer)),
      ingress: {
        interface: { name: event.interface === '' ? undefined : event.interface },
        vlan: { id: vlanId(vlan) },
      },
    },
    device: { id: event.deviceId, manufacturer: event.vendor },
    source: { mac: event.sourceMac, ip: sourceIp, address: sourceIp },
    network: {
      type: networkType(sourceIp),
      protocol: event.evidence === 'ip' ? undefined : event.evidence,
      vlan: { id: vlanId(vlan) },
    },
    related: { ip: event.addresses, hosts: filled(event.names) },
    orthrus: {
      device: {
        hostnames: filled(event.names),
        roles: filled(event.roles.map(({ role }) => role)),
        tags: filled(event.tags),
        first_seen: isoTime(event.firstSeen),
        randomised_mac: event.randomised,
        evidence: [event.evidence],
        crowd: event.crowd,
        learning: event.learning,
        self: event.self,
        ...newsFields(event),
      },
      memory: {
        since: isoTime(event.epoch),
        observed_seconds: Math.round(event.observed / 1e6),
        devices: event.known,
      },
    },
  })
}

function vlanId(vlan: number): string | undefined {
  return vlan === 0 ? undefined : String(vlan)
}

function networkType(ip: string | undefined): string | undefined {
  if (ip === undefined) return undefined
  return ip.includes(':') ? 'ipv6' : 'ipv4'
}

/** What some actions say besides. */
function newsFields(event: DeviceEvent): Fields {
  const { identity, previous, silence } = event
  return {
    change: event.change,
    identity: identity && {
      score: identity.score,
      evidence: identity.evidence,
      macs: identity.macs,
      candidates: identity.candidates,
    },
    apart_from: event.apartFrom,
    previous: previous && {
      id: previous.deviceId,
      mac: previous.mac,
      name: previous.name,
      manufacturer: previous.vendor,
      last_seen: isoTime(previous.lastSeen),
    },
    failover: event.failover,
    name: event.name,
    previous_name: event.previousName,
    silence_seconds: silence === undefined ? undefined : Math.round(silence / 1e6),
    ethernet_source: event.ethernetSource,
  }
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}
