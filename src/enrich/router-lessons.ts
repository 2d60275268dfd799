import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { type Devices } from './devices.ts'
import { type OnLink } from './on-link.ts'

const protocolVrrp = 112
/** 224.0.0.18 (RFC 9568 5.1.1.2), .102 and .2 (HSRP, GLBP). */
const groups4 = new Map([
  [0xe0000012 | 0, protocolVrrp],
  [0xe0000066 | 0, ipProtocol.udp],
  [0xe0000002 | 0, ipProtocol.udp],
])
/** HSRP and GLBP. */
const ports = new Set([1985, 2029, 3222])

/** Whether it is a packet by which routers that back each other up agree on who is the first. */
export function speaksRedundancy(packet: Packet): boolean {
  const { family, protocol, destination0, destination3, destinationPort } = packet
  if (protocol === protocolVrrp) {
    // ff02::12 (RFC 9568 5.1.2.2)
    return family === 4
      ? groups4.get(destination0) === protocolVrrp
      : destination0 >>> 16 === 0xff02 && destination3 === 0x12
  }
  if (protocol !== ipProtocol.udp || !ports.has(destinationPort)) return false
  return family === 6 ? destination0 >>> 16 === 0xff02 : groups4.get(destination0) === protocol
}

/** A packet from behind a router: the card that wrote its frame has forwarded it. */
export function learnForwarder(packet: Packet, devices: Devices, onLink: OnLink): void {
  const { ifindex, vlan, family, source0, source1, source2, source3, time } = packet
  if (packet.fromResponder) return
  const device = devices.get(packet.sourceMacHigh, packet.sourceMacLow)
  if (device === undefined || device.self) return
  if (device.profile.facts?.has('forwards-packets') === true) return
  if (!onLink.knows(ifindex, vlan, family, time)) return
  if (onLink.has(ifindex, vlan, family, source0, source1, source2, source3, time)) return
  if (isUnspecified(packet)) return
  devices.serves(device, 'forwards-packets', time)
}

function isUnspecified({ source0, source1, source2, source3 }: Packet): boolean {
  return (source0 | source1 | source2 | source3) === 0
}

/** Whether the destination is a group or everybody. */
export function isGroup({ family, destination0 }: Packet): boolean {
  if (family === 6) return destination0 >>> 24 === 0xff
  return destination0 >>> 28 === 0xe || destination0 === -1
}
