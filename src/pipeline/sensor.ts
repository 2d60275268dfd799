import { hostname } from 'node:os'
import { type Document, type Observer } from '../alerts/alert.ts'
import { newDeviceAlert } from '../alerts/new-device.ts'
import { sensorAlert } from '../alerts/sensor.ts'
import { type Interface } from '../capture/interfaces.ts'
import { type Source } from '../capture/source.ts'
import { milliseconds } from '../config/duration.ts'
import { type Config } from '../config/schema.ts'
import { type KernelEvent, refusedRecords } from '../decode/event.ts'
import { Devices } from '../enrich/devices.ts'
import { type Home, homeOf } from '../enrich/direction.ts'
import { observe } from '../enrich/evidence.ts'
import { OnLink } from '../enrich/on-link.ts'
import { vendor } from '../enrich/vendor.ts'
import { type Log } from '../operate/log.ts'
import { measureOverhead } from '../operate/overhead.ts'
import { SummaryCounter } from '../operate/summary.ts'
import { version } from '../operate/version.ts'
import { acceptOperation, alertEntry } from '../outbox/entry.ts'
import { Protocols } from '../protocols/protocols.ts'
import { Activity } from '../sinks/activity.ts'
import { type Output } from '../sinks/output.ts'
import { type Environment } from '../storage/environment.ts'
import { watchBlindness } from './blindness.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import { type Report, report } from './report.ts'

export interface SensorParts {
  readonly config: Config
  readonly environment: Environment
  readonly source: Source & { readonly interfaces: readonly Interface[] }
  readonly output: Output
  readonly stderr: NodeJS.WritableStream
  readonly log: Log
  /** The networks of our own, given the interfaces that are watched. */
  homeOf(interfaces: readonly Interface[]): readonly string[]
}

/** Opens the sinks and reads what the memory knows. Owns `parts.environment` once it resolves. */
export async function openSensor(parts: SensorParts): Promise<Sensor> {
  const name = hostname()
  const observer: Observer = { name, hostname: name, version: version() }
  const delivery = await openDelivery(parts.config, { ...parts, observer })
  return new Sensor(parts, delivery, observer)
}

/** All stages after decoding: who is there, what is new about it, and who is told. */
export class Sensor {
  readonly #parts: SensorParts
  readonly #delivery: Delivery
  readonly #devices: Devices
  readonly #onLink = new OnLink()
  readonly #summary: SummaryCounter
  readonly #activity: Activity | undefined
  readonly #report: Report
  readonly #overhead = measureOverhead()
  readonly #protocols = new Protocols(event => this.#activity?.protocol(event))
  readonly #watchBlindness: (time: number) => void
  readonly #names = new Map<number, string>()
  #home: Home

  constructor(parts: SensorParts, delivery: Delivery, observer: Observer) {
    this.#parts = parts
    this.#delivery = delivery
    this.#home = homeOf(parts.homeOf([]))
    this.#devices = this.#makeDevices(observer)
    this.#summary = this.#makeSummary()
    this.#activity = parts.output.people ? this.#makeActivity() : undefined
    this.#report = report(parts, this.#summary, observer)
    this.#watchBlindness = watchBlindness({
      counters: () => parts.source.counters(),
      observer,
      raise: alert => this.#raise(alert),
    })
    if (parts.environment.setAside !== undefined) this.#lament(parts.environment.setAside, observer)
    this.follow(parts.source.interfaces)
  }

  take(event: KernelEvent): void {
    observe(event, this.#devices, this.#onLink)
    this.#summary.count(event)
    this.#activity?.event(event)
    this.#protocols.take(event)
  }

  /** The interfaces that are watched have changed. */
  follow(interfaces: readonly Interface[]): void {
    this.#home = homeOf(this.#parts.homeOf(interfaces))
    this.#devices.setInterfaces(interfaces)
    this.#onLink.setInterfaces(interfaces)
    for (const { index, name } of interfaces) this.#names.set(index, name)
  }

  /** Moves the clock of an idle line to `time`, µs since the Unix epoch. */
  advance(time: number): void {
    this.#devices.advance(time)
    this.#protocols.expire(time)
    this.#activity?.tick(time)
    this.#watchBlindness(time)
  }

  reopen(): Promise<void> {
    return this.#delivery.reopen()
  }

  /** What waits goes to disk and, for a time, to the sinks; then the summary of the whole run. */
  async close(): Promise<void> {
    this.#report.stop()
    this.#protocols.close()
    this.#activity?.tick(Number.POSITIVE_INFINITY)
    await this.#devices.flush()
    await this.#delivery.close()
    this.#report.last()
    this.#overhead.close()
    await this.#parts.environment.close()
  }

  #makeDevices(observer: Observer): Devices {
    const { config, environment } = this.#parts
    return new Devices({
      environment,
      limit: config.devices.limit,
      learning: milliseconds(config.devices.learning) * 1000,
      vendor,
      alert: event => alertEntry(newDeviceAlert(event, observer)),
      onEvent: event => {
        this.#summary.countDevice(event)
        this.#activity?.device(event)
      },
      onAlert: sequence => this.#alerted(sequence),
    })
  }

  #makeSummary(): SummaryCounter {
    const { source, output } = this.#parts
    return new SummaryCounter({
      devices: this.#devices,
      direction: flow => this.#home.direction(flow),
      counters: () => source.counters(),
      queue: () => this.#delivery.outbox.status,
      overhead: this.#overhead,
      otherLoss: () => ({
        records_of_other_version: refusedRecords.version,
        records_of_unknown_kind: refusedRecords.kind,
        records_cut: refusedRecords.size,
        lines_left_out: output.dropped + (this.#activity?.leftOut ?? 0),
        devices_refused: this.#devices.counts.refused,
      }),
    })
  }

  #makeActivity(): Activity {
    const { output } = this.#parts
    return new Activity({
      devices: this.#devices,
      vendor,
      color: output.color,
      interfaceName: ifindex => this.#names.get(ifindex),
      write: line => output.offer(line),
    })
  }

  #alerted(sequence: number): void {
    this.#summary.countAlert()
    this.#delivery.outbox.added(sequence)
  }

  /** An alert of the sensor about itself: durable like any other. */
  #raise(alert: Document): void {
    const { environment, log } = this.#parts
    environment.commit([acceptOperation(alert)]).then(
      ([sequence]) => sequence !== undefined && this.#alerted(sequence),
      (err: unknown) => log.error({ err }, 'cannot keep an alert of the sensor about itself'),
    )
  }

  #lament(path: string, observer: Observer): void {
    const message = `the memory was damaged and is set aside as \`${path}\`; learning begins anew`
    this.#parts.log.error(message)
    const time = Date.now() * 1000
    const facts = { path }
    const action = 'memory-set-aside'
    this.#raise(sensorAlert({ action, level: 'high', message, time, observer, facts }))
  }
}
