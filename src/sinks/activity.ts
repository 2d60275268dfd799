import { type ArpEvent } from '../decode/arp.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type IcmpEvent } from '../decode/icmp.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { type PacketEvent } from '../decode/packet-event.ts'
import { applicationName, hasPorts, transportName } from '../decode/protocol.ts'
import { type Device } from '../enrich/device.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type Devices } from '../enrich/devices.ts'
import { serviceName } from '../enrich/service.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { ActivityLines, type LineOptions } from './activity-lines.ts'
import { content, hash } from './content.ts'
import { Seen } from './seen.ts'

export interface ActivityOptions extends Omit<LineOptions, 'maker'> {
  readonly devices: Devices
  readonly vendor: (high: number, low: number) => string | undefined
  /** What the destination of a flow is called, where that is known. */
  readonly destinationName?: (flow: FlowEvent) => string | undefined
}

/** Things remembered as shown; then the oldest are shown again when they come again. */
const limit = 65_536
/** µs that a new flow waits for its content to say what it is. */
const patience = 400_000
const waitingLimit = 4096

type PortEvent = FlowEvent | ProtocolEvent

/**
 * The network coming to life, as lines for a person: a device that is new, and the first time that
 * one uses a service or a destination. Quiet about what it has shown.
 */
export class Activity {
  readonly #devices: Devices
  readonly #destinationName: ActivityOptions['destinationName']
  readonly #lines: ActivityLines
  readonly #shown = new Seen(limit)
  #waiting: FlowEvent[] = []

  constructor(options: ActivityOptions) {
    this.#devices = options.devices
    this.#destinationName = options.destinationName
    this.#lines = new ActivityLines({
      ...options,
      maker: event => {
        const device = this.#device(event)
        if (device?.self === true) return 'this sensor'
        return device && options.vendor(device.high, device.low)
      },
    })
  }

  /** Lines that were left out because there were too many a second. */
  get leftOut(): number {
    return this.#lines.leftOut
  }

  event(event: KernelEvent): void {
    this.tick(event.time)
    switch (event.kind) {
      case 'flow':
        this.#flow(event)
        break
      case 'arp':
        this.#arp(event)
        break
      case 'ndp':
        this.#ndp(event)
        break
      case 'icmp':
        this.#icmp(event)
        break
      case 'message':
      case 'fragment':
        break // what they say comes as the event of a protocol
    }
  }

  /** What a conversation says: shown the first time that a device says it to this end. */
  protocol(event: ProtocolEvent): void {
    const { service, detail } = content(event)
    if (service === undefined) return
    const ends = this.#ends(event)
    this.#shown.add(...ends, kinds.used)
    if (this.#shown.add(...ends, kinds.content, hash(`${service} ${detail ?? ''}`))) {
      this.#lines.use(event, service, detail)
    }
  }

  device(event: DeviceEvent): void {
    this.#lines.device(event)
  }

  /** Shows what has waited long enough at `time` (µs of event time); at the end of it all too. */
  tick(time: number): void {
    const [first] = this.#waiting
    if (first === undefined || first.time + patience > time) return
    const due = this.#waiting.findIndex(flow => flow.time + patience > time)
    const ready = due < 0 ? this.#waiting.splice(0) : this.#waiting.splice(0, due)
    for (const flow of ready) this.#settle(flow)
  }

  #flow(flow: FlowEvent): void {
    if (flow.protocol === 1 || flow.protocol === 58) return
    if (flow.action === 'start' && this.#waiting.length < waitingLimit) this.#waiting.push(flow)
    else this.#settle(flow)
  }

  /** A flow whose content has not said what it is: its port may. */
  #settle(flow: FlowEvent): void {
    const application = applicationName(flow.l7)
    if (this.#shown.add(...this.#ends(flow), kinds.used)) {
      this.#lines.use(flow, application ?? guess(flow), this.#destinationName?.(flow))
      if (application !== undefined) this.#shown.add(...this.#ends(flow), flow.l7)
    }
  }

  #arp(event: ArpEvent): void {
    const { family, sourceMacHigh, sourceMacLow, source0, destination0, operation } = event
    if (family !== 4) return
    const ends = [sourceMacHigh, sourceMacLow, source0, destination0]
    if (this.#shown.add(...ends, kinds.arp, operation)) this.#lines.arp(event)
  }

  #ndp(event: NdpEvent): void {
    const { high, low } = event.linkLayer
    const { word0 = 0, word1 = 0, word2 = 0, word3 = 0 } = event.target ?? {}
    const words = [high, low, word0, word1, word2, word3, kinds.ndp, event.type]
    if (this.#shown.add(...words)) this.#lines.ndp(event)
  }

  #icmp(event: IcmpEvent): void {
    const { type, code } = event
    if (this.#shown.add(...this.#ends(event), kinds.icmp, type, code)) this.#lines.icmp(event)
  }

  /** The device that is the source; the router is not the host behind it. */
  #device(event: PacketEvent): Device | undefined {
    const { family, source0, source1, source2, source3 } = event
    const device = this.#devices.get(event.sourceMacHigh, event.sourceMacLow)
    return device?.find(family, source0, source1, source2, source3) && device
  }

  /** Who, with whom, on which port: the device where it is known, else the address. */
  #ends(event: PortEvent | IcmpEvent): number[] {
    const { source0, source1, source2, source3 } = event
    const { destination0, destination1, destination2, destination3 } = event
    const device = this.#device(event)
    const who = device ? [device.high, device.low] : [source0, source1, source2, source3]
    const whom = [destination0, destination1, destination2, destination3]
    return [...who, ...whom, event.protocol, servicePort(event)]
  }
}

/** Numbers that no `enum l7` has. */
const kinds = { used: 1000, arp: 1001, ndp: 1002, icmp: 1003, content: 1004 } as const

/** Ports without a service are made up for each connection (FTP data, RTP …): one line for all. */
function servicePort({ protocol, destinationPort }: PortEvent | IcmpEvent): number {
  if (!hasPorts(protocol)) return 0
  const known = destinationPort < 1024 || serviceName(protocol, destinationPort) !== undefined
  return known ? destinationPort : 65_536
}

function guess({ protocol, destinationPort }: FlowEvent): string {
  return serviceName(protocol, destinationPort) ?? transportName(protocol) ?? `ip ${protocol}`
}
