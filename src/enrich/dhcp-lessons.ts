import { IpAddress } from '../decode/address.ts'
import { MacAddress } from '../decode/mac.ts'
import { type Packet } from '../decode/packet.ts'
import { type DhcpEvent } from '../protocols/dhcp-events.ts'
import { type Dhcp4Message } from '../protocols/dhcp4.ts'
import { type Dhcp6Message } from '../protocols/dhcp6.ts'
import { type Device } from './device.ts'
import { type Devices } from './devices.ts'
import { type Facts, textLimit } from './facts.ts'
import { type OnLink } from './on-link.ts'
import { emptySighting, type Sighting } from './sighting.ts'

export interface DhcpLessonsParts {
  readonly devices: Devices
  readonly onLink: OnLink
}

/** A server may not call more than this the local network: it says so to whoever listens. */
const shortestPrefix = 16

/**
 * What a DHCP message tells: who a client is, which addresses it is given, who serves, who routes.
 * A client counts only when the frame is its own: behind a relay it is on another link.
 */
export function learnDhcp(event: DhcpEvent, parts: DhcpLessonsParts): void {
  const { message, packet } = event
  if (message.version === 4) {
    if (message.relayIp !== undefined) return
    if (message.fromServer) learnServer4(message, packet, parts)
    else learnClient4(message, packet, parts.devices)
  } else if (message.relays.length === 0) {
    if (message.fromServer) serve(packet, parts.devices)
    else learnClient6(message, packet, parts.devices)
  }
}

function learnClient4(message: Dhcp4Message, packet: Packet, devices: Devices): void {
  const seen = senderOf(packet)
  const client = MacAddress.parse(message.clientMac ?? '')
  if (client === undefined || client.high !== seen.high || client.low !== seen.low) return
  devices.sighted(seen)
  const device = devices.get(seen.high, seen.low)
  if (device === undefined) return
  // RFC 2131 4.3.2: who asks for an address by name is about to have it.
  if (message.action === 'dhcp-request') lease(message.requestedIp, seen, devices)
  const { hostname, fqdn, clientId, parameterList, vendorClass } = message
  tell(device, packet, devices, { hostname, fqdn })
  devices.teach(device, facts =>
    note(facts, {
      clientId: ownId(clientId, device),
      fingerprint: parameterList,
      vendorClass,
    }),
  )
}

function learnClient6(message: Dhcp6Message, packet: Packet, devices: Devices): void {
  const seen = senderOf(packet)
  const device = devices.get(seen.high, seen.low)
  if (device === undefined) return
  const { fqdn, clientId } = message
  tell(device, packet, devices, { hostname: undefined, fqdn })
  devices.teach(device, facts => note(facts, { duid: ownId(clientId, device) }))
}

function tell(
  device: Device,
  { time }: Packet,
  devices: Devices,
  { hostname, fqdn }: { readonly hostname: string | undefined; readonly fqdn: string | undefined },
): void {
  if (hostname !== undefined) devices.named(device, 'dhcp', hostname, time)
  if (fqdn !== undefined) devices.named(device, 'fqdn', fqdn.replace(/\.$/, ''), time)
}

type Ids = Partial<Record<'clientId' | 'fingerprint' | 'vendorClass' | 'duid', string | undefined>>

/** True when something is new; what is not said stays as it was. */
function note(facts: Facts, ids: Ids): boolean {
  let isNew = false
  for (const key of ['clientId', 'fingerprint', 'vendorClass', 'duid'] as const) {
    const value = ids[key]?.slice(0, textLimit)
    if (value === undefined || facts[key] === value) continue
    facts[key] = value
    isNew = true
  }
  return isNew
}

/** An id that is made of the MAC says nothing that the MAC does not. */
function ownId(id: string | undefined, device: Device): string | undefined {
  if (id === undefined) return undefined
  const digits = device.mac.replaceAll('-', '').toLowerCase()
  const text = id.toLowerCase()
  if (text.includes(digits) || MacAddress.parse(id) !== undefined) return undefined
  return text
}

function learnServer4(message: Dhcp4Message, packet: Packet, parts: DhcpLessonsParts): void {
  const { devices, onLink } = parts
  serve(packet, devices)
  const client = MacAddress.parse(message.clientMac ?? '')
  if (message.action !== 'dhcp-ack' || client === undefined) return
  const seen = { ...senderOf(packet), high: client.high, low: client.low }
  lease(message.assignedIp, seen, devices)
  for (const router of message.routers ?? []) {
    const device = devices.ownerOf(addressed(router, seen))
    if (device !== undefined) devices.serves(device, 'named-as-router-by-dhcp', packet.time)
  }
  const { subnetMask, assignedIp, leaseTime = 3600 } = message
  const length = maskLength(subnetMask)
  if (assignedIp === undefined || length === undefined) return
  const until = packet.time + leaseTime * 1e6
  onLink.learn(packet.ifindex, packet.vlan, `${assignedIp}/${length}`, until)
}

/** Leading ones of a mask; undefined for one that is none, or that says more than it may. */
function maskLength(mask: string | undefined): number | undefined {
  const parsed = mask === undefined ? undefined : IpAddress.parse(mask)
  if (parsed === undefined) return undefined
  const length = Math.clz32(~parsed.word0)
  const isMask = length === 32 || parsed.word0 << length === 0
  return isMask && length >= shortestPrefix && length <= 30 ? length : undefined
}

function serve(packet: Packet, devices: Devices): void {
  const { high, low } = senderOf(packet)
  const device = devices.get(high, low)
  if (device !== undefined) devices.serves(device, 'serves-dhcp', packet.time)
}

function lease(ip: string | undefined, seen: Sighting, devices: Devices): void {
  if (ip !== undefined) devices.leased(addressed(ip, seen))
}

function addressed(ip: string, seen: Sighting): Sighting {
  const address = IpAddress.parse(ip)
  if (address === undefined) return { ...seen, family: 0 }
  const { family, word0, word1, word2, word3 } = address
  return { ...seen, family, word0, word1, word2, word3 }
}

/** Who wrote the frame, without an address: that of a client that asks for one is none. */
function senderOf(packet: Packet): Sighting {
  const { fromResponder, ifindex, vlan, time } = packet
  return {
    ...emptySighting(),
    high: fromResponder ? packet.destinationMacHigh : packet.sourceMacHigh,
    low: fromResponder ? packet.destinationMacLow : packet.sourceMacLow,
    ifindex,
    vlan,
    time,
    evidence: 'dhcp',
  }
}
