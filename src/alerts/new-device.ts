import { isoTime } from '../decode/clock.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type AlertRule, alertDocument, type Observer } from './alert.ts'

export const newDeviceRule: AlertRule = {
  id: '6f1b7a52-3c0e-4f5d-9a5e-0d6d6c6b1e01',
  name: 'New device on the network',
  level: 'medium',
  category: 'new-device',
  description: 'A device was seen on a link for the first time since the sensor began to learn.',
  version: '1',
}

/** The alert about a device that was never seen before, as an ECS document. */
export function newDeviceAlert(event: DeviceEvent, observer: Observer) {
  const { sourceMac, sourceIp, vendor, vlan } = event
  return {
    ...alertDocument({
      rule: newDeviceRule,
      observer,
      time: event.time,
      identity: [event.deviceId, event.epoch],
      message: sentence(event),
      action: event.action,
      dataset: 'orthrus.device',
      interface: event.interface,
      vlan,
    }),
    device: { id: event.deviceId, ...(vendor === undefined ? {} : { manufacturer: vendor }) },
    source: { mac: sourceMac, ...(sourceIp === undefined ? {} : address(sourceIp)) },
    ...network(event),
    ...(event.addresses.length === 0 ? {} : { related: { ip: event.addresses } }),
    orthrus: {
      device: {
        first_seen: isoTime(event.firstSeen),
        randomised_mac: event.randomised,
        evidence: [event.evidence],
      },
      baseline: {
        since: isoTime(event.epoch),
        observed_seconds: Math.round(event.observed / 1e6),
        devices: event.known - 1,
      },
    },
  }
}

function address(ip: string) {
  return { ip, address: ip }
}

function network({ sourceIp, vlan, evidence }: DeviceEvent) {
  const type = sourceIp === undefined ? {} : { type: sourceIp.includes(':') ? 'ipv6' : 'ipv4' }
  const tag = vlan === 0 ? {} : { vlan: { id: String(vlan) } }
  const protocol = evidence === 'ip' ? {} : { protocol: evidence }
  const all = { ...type, ...protocol, ...tag }
  return Object.keys(all).length === 0 ? {} : { network: all }
}

const told = { arp: 'by ARP', ndp: 'by neighbour discovery', ip: 'sending IP packets' } as const

function sentence(event: DeviceEvent): string {
  const { sourceMac, sourceIp, vendor, randomised, vlan, evidence } = event
  const who = sourceIp === undefined ? sourceMac : `${sourceIp} (${sourceMac})`
  const maker = vendor ?? (randomised ? 'randomised MAC' : 'unknown vendor')
  const where = `${event.interface === '' ? 'the link' : event.interface}${vlan === 0 ? '' : ` VLAN ${vlan}`}`
  return `new device ${who}, ${maker}, on ${where}, seen ${told[evidence]}`
}
