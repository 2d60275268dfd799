import { getDomain } from 'tldts'
import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { ipProtocol } from '../decode/protocol.ts'
import { type Device } from './device.ts'
import { destinationOf, sourceOf } from './device-ends.ts'
import { type Devices } from './devices.ts'
import { type OnLink } from './on-link.ts'
import { isGroup, learnForwarder, speaksRedundancy } from './router-lessons.ts'
import { serviceName } from './service.ts'

export interface FlowLessonsParts {
  readonly devices: Devices
  readonly onLink: OnLink
  readonly destinationName: (packet: Packet, start: number) => { readonly name: string } | undefined
}

/** Registrable domains by name; all are forgotten when it is full. */
const domainLimit = 4096
/** Ports above are made up for one conversation, unless a service is known by them. */
const firstDynamic = 32_768

/** What conversations tell of the devices at their ends. */
export class FlowLessons {
  readonly #parts: FlowLessonsParts
  readonly #domains = new Map<string, string>()

  constructor(parts: FlowLessonsParts) {
    this.#parts = parts
  }

  take(flow: FlowEvent): void {
    const { packet } = flow
    const { devices, onLink } = this.#parts
    const source = sourceOf(packet, devices)
    if (source === undefined) learnForwarder(packet, devices, onLink)
    else if (speaksRedundancy(packet))
      devices.serves(source, 'speaks-router-redundancy', packet.time)
    if (flow.action === 'start' || !isAnswered(flow)) return
    this.#serves(packet)
    if (flow.action === 'end') this.#talks(source, flow)
  }

  #serves(packet: Packet): void {
    if (!isService(packet)) return
    const device = destinationOf(packet, this.#parts.devices)
    device?.profile.answered(packet.protocol, packet.destinationPort, packet.time)
  }

  /** Whom it talks to is written with the last sighting: it is new all the time. */
  #talks(device: Device | undefined, flow: FlowEvent): void {
    device?.profile.own.addPeer(this.#peer(flow), flow.bytes, flow.packet.time)
  }

  /** The registrable domain that was talked to, or the address. */
  #peer(flow: FlowEvent): string {
    const name = this.#parts.destinationName(flow.packet, flow.start)?.name
    if (name === undefined) return flow.destinationIp ?? ''
    const known = this.#domains.get(name)
    if (known !== undefined) return known
    if (this.#domains.size >= domainLimit) this.#domains.clear()
    const domain = getDomain(name) ?? name
    this.#domains.set(name, domain)
    return domain
  }
}

function isAnswered(flow: FlowEvent): boolean {
  if (flow.destinationPackets === 0) return false
  const { state } = flow
  return state !== 'attempt' && state !== 'rejected'
}

/** Whether the port of the destination is one that a service has, and not one made up for a call. */
function isService(packet: Packet): boolean {
  const { protocol, destinationPort, midstream } = packet
  if (destinationPort === 0 || isGroup(packet)) return false
  if (protocol === ipProtocol.tcp) return !midstream
  if (protocol !== ipProtocol.udp) return false
  return destinationPort < firstDynamic || serviceName(protocol, destinationPort) !== undefined
}
