import { type Packet } from '../decode/packet.ts'
import { sourceOf } from '../enrich/device-ends.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Direction, type Home } from '../enrich/direction.ts'

let lastPacket: Packet | undefined
let lastHome: Home | undefined
let lastDirection: Direction | undefined

/** Which way a conversation goes; detectors ask one after the other about the same packet. */
export function directionOf(home: Home, packet: Packet): Direction | undefined {
  if (packet === lastPacket && home === lastHome) return lastDirection
  lastPacket = packet
  lastHome = home
  lastDirection = home.direction(packet)
  return lastDirection
}

/** Whom long memory means by the source of a packet: the device on the link, else its address. */
export function sourceKey(devices: Devices, packet: Packet): string {
  const device = packet.onLink ? sourceOf(packet, devices) : undefined
  return device?.id ?? packet.sourceIp ?? ''
}
