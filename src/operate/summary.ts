import { noSourceCounters, type SourceCounters } from '../capture/counters.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { applicationName, transportName } from '../decode/protocol.ts'
import { type DeviceCounts } from '../enrich/device-counts.ts'
import { destinationOf, sourceOf } from '../enrich/device-ends.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Direction } from '../enrich/direction.ts'
import { serviceName } from '../enrich/service.ts'
import { type OutboxStatus } from '../outbox/status.ts'
import { AlertTally } from './alert-tally.ts'
import { type Loss, lossBetween } from './loss.ts'
import { type Overhead, type OverheadMeter } from './overhead.ts'
import { addTally, addWord, Tally, type Word } from './tally.ts'
import { type Added, Traffic } from './traffic.ts'

export interface SummaryOptions {
  readonly devices: Devices
  readonly direction: (flow: FlowEvent) => Direction | undefined
  readonly counters: () => SourceCounters
  readonly queue: () => Pick<OutboxStatus, 'waiting' | 'sinks'>
  readonly overhead: OverheadMeter
  /** Counters of the detectors, by their names. */
  readonly detectors?: () => Summary['detectors']
  /** Losses that others count: records refused, lines left out …; totals since the start. */
  readonly otherLoss?: () => Loss
  /** ms since the Unix epoch; wall clock. */
  readonly now?: () => number
}

/** What happened in a stretch of time. */
export interface Summary {
  /** The whole run, at its end; else the time since the last one. */
  readonly final: boolean
  /** ms since the Unix epoch. */
  readonly start: number
  readonly end: number
  /** ms since the sensor started. */
  readonly uptime: number
  readonly packets: number
  readonly bytes: number
  /** What crossed from the kernel: records of the ring, and flows that the sweep reported. */
  readonly records: number
  /** Flows in the kernel's table now. */
  readonly flowsLive: number
  /** Alerts that became durable. */
  readonly alerts: number
  readonly tally: Tally
  readonly devices: DeviceCounts
  readonly queue: Pick<OutboxStatus, 'waiting' | 'sinks'>
  readonly loss: Loss
  readonly overhead: Overhead
  /** How full the tables of detectors are, and what they refused since the start. */
  readonly detectors: Readonly<Record<string, Readonly<Record<string, number>>>>
}

interface Mark {
  readonly time: number
  readonly counters: SourceCounters
  readonly other: Loss
  readonly tally: Tally
  alerts: number
}

/** Counts what passes, for a summary now and then and one of the whole run. */
export class SummaryCounter {
  /** Alerts raised, by level and rule. */
  readonly raised = new AlertTally()
  readonly #options: SummaryOptions
  readonly #traffic = new Traffic()
  readonly #run: Mark
  #interval: Mark

  constructor(options: SummaryOptions) {
    this.#options = options
    // A source may have gathered something already, and it is told with the first interval.
    const start = { ...this.#mark(), counters: noSourceCounters() }
    this.#run = start
    this.#interval = { ...start, tally: new Tally() }
  }

  /** Counts one event; for every event, so it is quick. */
  count(event: KernelEvent): void {
    if (event.kind === 'flow') this.#countFlow(event)
    else this.#countOther(event)
  }

  countDevice({ action, self }: DeviceEvent): void {
    if (self) return
    if (action === 'device-new') this.#interval.tally.newDevices++
    else if (action === 'device-new-address') this.#interval.tally.newAddresses++
  }

  countAlert(): void {
    this.#interval.alerts++
  }

  /** Every loss since the start. */
  get loss(): Loss {
    const { counters, otherLoss = () => ({}) } = this.#options
    return { ...lossBetween(noSourceCounters(), counters()), ...otherLoss() }
  }

  /** The time since the last summary, or with `final` the whole run. */
  take(final = false): Summary {
    const next = this.#mark()
    addTally(this.#run.tally, this.#interval.tally)
    this.#run.alerts += this.#interval.alerts
    const from = final ? this.#run : this.#interval
    this.#interval = next
    const { counters, other } = next
    const since = Object.entries(other).map(([name, count]) => [
      name,
      count - (from.other[name] ?? 0),
    ])
    return {
      final,
      start: from.time,
      end: next.time,
      uptime: next.time - this.#run.time,
      packets: counters.kernel.packets - from.counters.kernel.packets,
      bytes: counters.kernel.bytes - from.counters.kernel.bytes,
      records: recordsOf(counters) - recordsOf(from.counters),
      flowsLive: counters.flowsLive,
      alerts: from.alerts,
      tally: from.tally,
      devices: this.#options.devices.counts,
      queue: this.#options.queue(),
      loss: {
        ...lossBetween(from.counters, counters),
        ...Object.fromEntries(since.filter(([, count]) => Number(count) > 0)),
      },
      overhead: this.#options.overhead.read(),
      detectors: this.#options.detectors?.() ?? {},
    }
  }

  #countOther(event: Exclude<KernelEvent, FlowEvent>): void {
    const name = event.kind === 'message' ? applicationName(event.l7) : undefined
    const { tally } = this.#interval
    tally.events[event.kind] = (tally.events[event.kind] ?? 0) + 1
    if (name !== undefined) tally.protocol(name).messages++
  }

  #mark(): Mark {
    const { now = Date.now, counters, otherLoss = () => ({}) } = this.#options
    // The source may use its object again: a mark must not move.
    const reading = structuredClone(counters())
    return { time: now(), counters: reading, other: otherLoss(), tally: new Tally(), alerts: 0 }
  }

  #countFlow(flow: FlowEvent): void {
    if (flow.action === 'start') {
      this.#interval.tally.flowsStarted++
      return
    }
    const added = this.#traffic.added(flow)
    const direction = this.#options.direction(flow)
    const label = labelOf(flow)
    const { tally } = this.#interval
    addFlow(tally, flow, added, label, direction)
    this.#addDevices(tally, flow, added, label)
  }

  #addDevices(tally: Tally, flow: FlowEvent, added: Readonly<Added>, label: string): void {
    if (!flow.onLink) return
    const bytes = added.sourceBytes + added.destinationBytes
    const { devices } = this.#options
    const source = sourceOf(flow.packet, devices)
    const from = source && tally.device(source)
    if (from !== undefined) {
      from.packets += added.sourcePackets
      from.bytesSent += added.sourceBytes
      from.bytesReceived += added.destinationBytes
      addWord(from.services, label, bytes)
      addWord(from.targets, targetOf(flow), bytes)
    }
    const destination = destinationOf(flow.packet, devices)
    const to = destination && tally.device(destination)
    if (to === undefined) return
    to.packets += added.destinationPackets
    to.bytesSent += added.destinationBytes
    to.bytesReceived += added.sourceBytes
  }
}

function recordsOf({ records, flowUpdates, flowEnds }: SourceCounters): number {
  return records + flowUpdates + flowEnds
}

function addFlow(
  tally: Tally,
  flow: FlowEvent,
  added: Readonly<Added>,
  label: string,
  direction: Direction | undefined,
): void {
  const bytes = added.sourceBytes + added.destinationBytes
  const protocol = tally.protocol(label)
  if (added.isNew) protocol.flows++
  protocol.packets += added.sourcePackets + added.destinationPackets
  protocol.bytes += bytes
  if (direction !== undefined) tally.directions[direction] += bytes
  if (flow.action === 'end') tally.flowsEnded++
}

/** The other end: IPv4 as its word, which needs no text before somebody reads it. */
function targetOf({ packet }: FlowEvent): Word {
  return packet.family === 4 ? packet.destination0 : (packet.destinationIp ?? '')
}

/** What the content says, else what the port suggests, else the transport. */
function labelOf({ l7, protocol, destinationPort }: FlowEvent): string {
  return (
    applicationName(l7) ??
    serviceName(protocol, destinationPort) ??
    transportName(protocol) ??
    `ip ${protocol}`
  )
}
