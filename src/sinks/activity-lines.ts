import { type ArpEvent } from '../decode/arp.ts'
import { isoTime } from '../decode/clock.ts'
import { type IcmpEvent } from '../decode/icmp.ts'
import { macText } from '../decode/mac.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type PacketEvent } from '../decode/packet-event.ts'
import { hasPorts } from '../decode/protocol.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { deviceLine } from './device-line.ts'
import { type Color, paint } from './paint.ts'
import { printable } from './terminal-text.ts'

export interface LineOptions {
  /** Takes a line with its line feed. */
  readonly write: (line: string) => void
  readonly color: boolean
  /** Who made the card of the device that is the source of the event. */
  readonly maker: (event: PacketEvent) => string | undefined
  readonly interfaceName: (ifindex: number) => string | undefined
}

/** Nobody reads more lines a second; a scan must not drown the rest, nor cost more than counting. */
const perSecond = 50

type Place = Pick<PacketEvent, 'time' | 'ifindex' | 'vlan'>

/** The lines of the activity: `12:00:00 [eth0] DNS    192.0.2.10 (Apple) → 192.0.2.1:53`. */
export class ActivityLines {
  readonly #options: LineOptions
  #second = Number.NEGATIVE_INFINITY
  #written = 0
  #held = 0
  #leftOut = 0

  constructor(options: LineOptions) {
    this.#options = options
  }

  get leftOut(): number {
    return this.#leftOut
  }

  device(event: DeviceEvent): void {
    const { label, text } = deviceLine(event)
    const name = event.interface
    const place = `[${name === '' ? '?' : name}${event.vlan === 0 ? '' : `.${event.vlan}`}]`
    const isLearnt = event.action === 'device-new' && event.learning && !event.self
    const learnt = isLearnt ? this.#paint(', learnt', 'dim') : ''
    const line = `${printable(place)} ${this.#label(label, 'green')} ${text}${learnt}`
    this.#put(event.time, line)
  }

  /** A conversation that is the first of its kind, and what it is about. */
  use(event: PacketEvent, service: string, detail?: string): void {
    const port = hasPorts(event.protocol) ? event.destinationPort : undefined
    const about = detail === undefined ? '' : ` (${printable(detail, 80)})`
    const to = `${end(event.destinationIp, port)}${about}`
    this.#line(event, service.toUpperCase(), 'cyan', `${this.#source(event)} → ${to}`)
  }

  arp(event: ArpEvent): void {
    const who = this.#source(event)
    const asked = event.destinationIp ?? ''
    const texts = {
      request: `${who} asks for ${asked}`,
      reply: `${who} answers ${asked}`,
      probe: `${event.sourceMac ?? ''} tries whether ${asked} is free`,
      announcement: `${who} announces itself`,
      other: `${who} to ${asked}, operation ${event.operation}`,
    }
    this.#line(event, 'ARP', 'blue', texts[event.action])
  }

  ndp(event: NdpEvent): void {
    const who = this.#source(event)
    const { high, low } = event.linkLayer
    const target = event.target?.text ?? ''
    const texts = {
      'router-solicitation': `${who} asks for routers`,
      'router-advertisement': `${who} is a router`,
      'neighbor-solicitation': `${who} asks for ${target}`,
      'neighbor-advertisement': `${target} is at ${macText(high, low) ?? ''}`,
      redirect: `${who} redirects to ${target}`,
    }
    this.#line(event, 'NDP', 'blue', texts[event.action])
  }

  icmp(event: IcmpEvent): void {
    const text = `${this.#source(event)} → ${event.destinationIp ?? ''} ${event.action}`
    this.#line(event, 'ICMP', 'magenta', text)
  }

  #line(event: Place, label: string, color: Color, text: string): void {
    const name = this.#options.interfaceName(event.ifindex) ?? `#${event.ifindex}`
    const place = `[${name}${event.vlan === 0 ? '' : `.${event.vlan}`}]`
    this.#put(event.time, `${printable(place)} ${this.#label(label, color)} ${text}`)
  }

  #put(time: number, text: string): void {
    const second = Math.floor(time / 1e6)
    if (second !== this.#second) this.#begin(second)
    if (this.#written >= perSecond) {
      this.#held++
      this.#leftOut++
      return
    }
    this.#written++
    this.#options.write(`${this.#paint(isoTime(time).slice(11, 19), 'dim')} ${text}\n`)
  }

  #begin(second: number): void {
    this.#second = second
    this.#written = 0
    if (this.#held === 0) return
    this.#options.write(this.#paint(`         … and ${this.#held} more in a second\n`, 'dim'))
    this.#held = 0
  }

  /** The address, and who made the card behind it. */
  #source(event: PacketEvent): string {
    const address = event.sourceIp ?? event.sourceMac ?? ''
    const maker = this.#options.maker(event)
    return maker === undefined ? address : `${address} (${printable(maker, 40)})`
  }

  #label(label: string, color: Color): string {
    return this.#paint(printable(label, 12).padEnd(6), color, 'bold')
  }

  #paint(text: string, ...colors: Color[]): string {
    return paint(text, colors, this.#options.color)
  }
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`, or the address alone. */
function end(address: string | undefined, port: number | undefined): string {
  const text = address ?? '?'
  if (port === undefined) return text
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}
