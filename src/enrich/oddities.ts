import { type ArpEvent } from '../decode/arp.ts'
import { macText } from '../decode/mac.ts'
import { type Devices } from './devices.ts'
import { isStation } from './mac-class.ts'
import { type OnLink } from './on-link.ts'
import { type Sighting } from './sighting.ts'

/**
 * What arpwatch calls an ethernet mismatch (the frame was written by another card than the packet
 * says) and a bogon (an address that is none of the link). `seen` is the sender.
 */
export function observeOddities(
  event: ArpEvent,
  seen: Sighting,
  devices: Devices,
  onLink: OnLink,
): void {
  const { ethernetSource, packet } = event
  // Routers that back each other up write frames with the card of one and the MAC of all.
  if (ethernetSource !== undefined && isStation(ethernetSource.high, ethernetSource.low)) {
    const { high, low } = ethernetSource
    const key = `${seen.high} ${seen.low} ${high} ${low}`
    const frame = macText(high, low) ?? ''
    devices.odd('device-ethernet-mismatch', seen, key, { ethernetSource: frame })
  }
  const { ifindex, vlan, time } = packet
  if (!onLink.knows(ifindex, vlan, 4, time)) return
  if (onLink.has(ifindex, vlan, 4, seen.word0, 0, 0, 0, time)) return
  devices.odd('device-bogon', seen, `${seen.high} ${seen.low} ${seen.word0}`)
}
