import { isoTime } from '../../decode/clock.ts'
import { type DeviceEvent } from '../../enrich/device-event.ts'

const told = {
  arp: 'by ARP',
  ndp: 'by neighbour discovery',
  ip: 'sending IP packets',
  dhcp: 'asking for an address',
} as const

/** `192.0.2.7 (00-00-5E-00-53-07), Example Corp, on eth0, seen by ARP`. */
export function deviceSentence(event: DeviceEvent): string {
  switch (event.action) {
    case 'device-address-changed':
    case 'device-flip-flop':
      return changeSentence(event)
    case 'device-ethernet-mismatch':
      return `${who(event)} is named as the sender of a frame that ${event.ethernetSource ?? ''} wrote`
    case 'device-bogon':
      return `${who(event)} uses an address that is none of ${where(event)}`
    case 'device-returned':
      return `${who(event)} is back after ${days(event.silence)}`
    case 'device-renamed':
      return `${who(event)} calls itself ${event.name ?? ''}, until now ${event.previousName ?? ''}`
    case 'device-silent':
      return `${who(event)} has been silent for ${days(event.silence)}`
    default:
      return arrivalSentence(event)
  }
}

function arrivalSentence(event: DeviceEvent): string {
  const { identity, apartFrom, evidence } = event
  const seen = `${who(event)}, ${maker(event)}, on ${where(event)}, seen ${told[evidence]}`
  if (apartFrom !== undefined) return `${seen}, at the same time as device ${apartFrom}`
  if (identity === undefined) return seen
  const before = identity.macs.at(-1) ?? ''
  return `${seen}, known as ${before} by ${identity.evidence.join(', ')}`
}

function changeSentence(event: DeviceEvent): string {
  const { previous } = event
  if (previous === undefined) return who(event)
  const name = previous.name === undefined ? '' : ` (${previous.name})`
  const last = isoTime(previous.lastSeen)
  const verb = event.action === 'device-flip-flop' ? 'has taken back' : 'has taken'
  return `${who(event)}, ${maker(event)}, ${verb} the address of ${previous.mac}${name}, which used it until ${last}`
}

function who({ sourceMac, sourceIp, names }: DeviceEvent): string {
  const [name] = names
  const text = sourceIp === undefined ? sourceMac : `${sourceIp} (${sourceMac})`
  return name === undefined ? text : `${name}, ${text}`
}

function maker({ vendor, randomised }: DeviceEvent): string {
  return vendor ?? (randomised ? 'randomised MAC' : 'unknown vendor')
}

function where({ interface: name, vlan }: DeviceEvent): string {
  return `${name === '' ? 'the link' : name}${vlan === 0 ? '' : ` VLAN ${vlan}`}`
}

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** µs in the unit in which people say them. */
function days(silence = 0): string {
  const seconds = Math.round(silence / 1e6)
  if (seconds < 2 * minute) return `${seconds} seconds`
  if (seconds < 2 * hour) return `${Math.round(seconds / minute)} minutes`
  if (seconds < 2 * day) return `${Math.round(seconds / hour)} hours`
  return `${Math.round(seconds / day)} days`
}
