import { type KernelEvent } from '../decode/event.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type Packet } from '../decode/packet.ts'
import { eventFlags } from '../decode/record.ts'
import { type HttpEvent } from '../protocols/http-events.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { type TlsEvent } from '../protocols/tls-events.ts'
import { sourceOf } from './device-ends.ts'
import { type Devices } from './devices.ts'
import { learnDhcp } from './dhcp-lessons.ts'
import { FlowLessons } from './flow-lessons.ts'
import { learnNames } from './name-lessons.ts'
import { type OnLink } from './on-link.ts'
import { isLocallyAdministered } from './vendor.ts'

export interface LessonsParts {
  readonly devices: Devices
  readonly onLink: OnLink
  /** What the destination of a conversation that began at `start` (µs) is called. */
  readonly destinationName: (packet: Packet, start: number) => { readonly name: string } | undefined
}

/** What devices tell of themselves and do, for the inventory; what others say of them does not count. */
export class Lessons {
  readonly #parts: LessonsParts
  readonly #flows: FlowLessons

  constructor(parts: LessonsParts) {
    this.#parts = parts
    this.#flows = new FlowLessons(parts)
  }

  /** Learns of what crossed the link; after `observe`. */
  take(event: KernelEvent): void {
    if (event.kind !== 'flow' && event.kind !== 'ndp') return
    if (!isLocal(event.packet)) return
    if (event.kind === 'flow') this.#flows.take(event)
    else learnRouter(event, this.#parts.devices)
  }

  /** Learns of what a message says. */
  protocol(event: ProtocolEvent): void {
    if (!isLocal(event.packet)) return
    switch (event.kind) {
      case 'dhcp':
        learnDhcp(event, this.#parts)
        break
      case 'dns':
        learnNames(event, this.#parts.devices)
        break
      case 'tls':
        learnTls(event, this.#parts.devices)
        break
      case 'http':
        learnHttp(event, this.#parts.devices)
        break
      default:
    }
  }
}

function isLocal(packet: Packet): boolean {
  return packet.onLink && (packet.flags & eventFlags.EVENT_TUNNELLED) === 0
}

/** RFC 4861 6.2.3: who wants to be a default router, unless the message came through one. */
function learnRouter(event: NdpEvent, devices: Devices): void {
  if (event.type !== 134 || event.ttl !== 255 || !(Number(event.routerLifetime) > 0)) return
  const { high, low } = event.linkLayer
  const device = devices.get(high, low)
  if (device !== undefined) devices.serves(device, 'advertises-routes', event.time)
}

/** A fingerprint helps to tell whose card it is: cards whose MAC stays need none. */
function learnTls({ action, packet, client }: TlsEvent, devices: Devices): void {
  if (action !== 'tls-client-hello') return
  const device = sourceOf(packet, devices)
  if (device === undefined || !isLocallyAdministered(device.high)) return
  const ja4 = client?.hello?.ja4
  if (ja4 !== undefined) devices.note(device, 'ja4', ja4)
}

function learnHttp({ action, packet, request }: HttpEvent, devices: Devices): void {
  if (action !== 'http-request' || request?.userAgent === undefined) return
  const device = sourceOf(packet, devices)
  if (device !== undefined) devices.note(device, 'agents', request.userAgent)
}
