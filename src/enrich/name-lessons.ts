import { type DnsEvent } from '../protocols/dns-events.ts'
import { type Device } from './device.ts'
import { destinationOf, sourceOf } from './device-ends.ts'
import { type Devices } from './devices.ts'
import { factLimits } from './facts.ts'
import { selfNamed } from './self-named.ts'

const typePtr = 12
const dnsPort = 53

/** The names of a device in its own messages, the services that it announces, and who is a resolver. */
export function learnNames(event: DnsEvent, devices: Devices): void {
  const { packet, message } = event
  const { dialect, isResponse } = message
  // A name is registered by a request, with NetBIOS.
  if (!isResponse && dialect !== 'nbns') return
  const sender = packet.fromResponder ? destinationOf(packet, devices) : sourceOf(packet, devices)
  if (sender === undefined) return
  if (dialect === 'dns') learnResolver(event, sender, devices)
  else
    selfNamed(event, ({ name, source }) => devices.named(sender, source, bare(name), packet.time))
  if (dialect === 'mdns') learnServices(event, sender, devices)
}

function learnResolver({ packet, message }: DnsEvent, sender: Device, devices: Devices): void {
  const { fromResponder, destinationPort, time } = packet
  if (fromResponder && destinationPort === dnsPort && message.responseCode === 0)
    devices.serves(sender, 'answers-dns', time)
}

/** RFC 6763 4.1: a service is announced by a pointer from its type. */
function learnServices({ message }: DnsEvent, sender: Device, devices: Devices): void {
  for (const { type, name = '' } of message.answers.slice(0, factLimits.announced)) {
    if (type !== typePtr) continue
    const [service] = /^_[a-z0-9-]{1,15}\._(?:tcp|udp)(?=\.local\.?$)/i.exec(name) ?? []
    if (service !== undefined) devices.note(sender, 'announced', service.toLowerCase())
  }
}

/** Names of mDNS and LLMNR without the dot and `local`, which all of them have. */
function bare(name: string): string {
  return name.replace(/\.$/, '').replace(/\.local$/i, '')
}
