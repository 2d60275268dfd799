import { isoTime } from '../../decode/clock.ts'
import { type DeviceEvent } from '../../enrich/device-event.ts'
import { ecsVersion, observerFields } from '../alert.ts'
import { type EventContext } from './context.ts'
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
    related: { ip: event.addresses },
    orthrus: {
      device: {
        first_seen: isoTime(event.firstSeen),
        randomised_mac: event.randomised,
        evidence: [event.evidence],
        learning: event.learning,
        self: event.self,
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

const told = { arp: 'by ARP', ndp: 'by neighbour discovery', ip: 'sending IP packets' } as const

/** `192.0.2.7 (00-00-5E-00-53-07), Example Corp, on eth0, seen by ARP`. */
function deviceSentence(event: DeviceEvent): string {
  const { sourceMac, sourceIp, vendor, randomised, vlan, evidence } = event
  const who = sourceIp === undefined ? sourceMac : `${sourceIp} (${sourceMac})`
  const maker = vendor ?? (randomised ? 'randomised MAC' : 'unknown vendor')
  const link = event.interface === '' ? 'the link' : event.interface
  const where = `${link}${vlan === 0 ? '' : ` VLAN ${vlan}`}`
  return `${who}, ${maker}, on ${where}, seen ${told[evidence]}`
}
