import { type Packet } from '../decode/packet.ts'
import { type Device } from './device.ts'
import { type Devices } from './devices.ts'

/** The device that is the source, where it is on the link: not the router that forwards for it. */
export function sourceOf(packet: Packet, devices: Devices): Device | undefined {
  const { family, source0, source1, source2, source3 } = packet
  const device = devices.get(packet.sourceMacHigh, packet.sourceMacLow)
  return device?.find(family, source0, source1, source2, source3) && device
}

/** As `sourceOf`. */
export function destinationOf(packet: Packet, devices: Devices): Device | undefined {
  const { family, destination0, destination1, destination2, destination3 } = packet
  const device = devices.get(packet.destinationMacHigh, packet.destinationMacLow)
  return device?.find(family, destination0, destination1, destination2, destination3) && device
}
