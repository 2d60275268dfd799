import { type Packet } from '../decode/packet.ts'
import { type Device, inventory } from './device.ts'
import { type Devices } from './devices.ts'

/** Which device was found last for an end of a packet; good while nothing in the inventory changes. */
interface Found {
  packet: Packet | undefined
  devices: Devices | undefined
  changes: number
  device: Device | undefined
}

/** All stages ask about the same packet, one after the other. */
const source: Found = { packet: undefined, devices: undefined, changes: 0, device: undefined }
const destination: Found = { ...source }

/** The device that is the source, where it is on the link: not the router that forwards for it. */
export function sourceOf(packet: Packet, devices: Devices): Device | undefined {
  if (isFound(source, packet, devices)) return source.device
  const { family, source0, source1, source2, source3 } = packet
  const device = devices.get(packet.sourceMacHigh, packet.sourceMacLow)
  const isIts = device?.find(family, source0, source1, source2, source3) !== undefined
  return found(source, packet, devices, isIts ? device : undefined)
}

/** As `sourceOf`. */
export function destinationOf(packet: Packet, devices: Devices): Device | undefined {
  if (isFound(destination, packet, devices)) return destination.device
  const { family, destination0, destination1, destination2, destination3 } = packet
  const device = devices.get(packet.destinationMacHigh, packet.destinationMacLow)
  const address = device?.find(family, destination0, destination1, destination2, destination3)
  return found(destination, packet, devices, address === undefined ? undefined : device)
}

function isFound(end: Found, packet: Packet, devices: Devices): boolean {
  return end.packet === packet && end.changes === inventory.changes && end.devices === devices
}

function found(end: Found, packet: Packet, devices: Devices, device: Device | undefined) {
  end.packet = packet
  end.devices = devices
  end.changes = inventory.changes
  end.device = device
  return device
}
