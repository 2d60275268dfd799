import { type Document, type Observer } from '../alerts/alert.ts'
import { type Interface } from '../capture/interfaces.ts'
import { type KernelEvent } from '../decode/event.ts'
import { type Detectors } from '../detectors/detectors.ts'
import { type DeviceEvent } from '../enrich/device-event.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Home, homeOf } from '../enrich/direction.ts'
import { Enrichment } from '../enrich/enrichment.ts'
import { checkGeo } from '../enrich/geo.ts'
import { type LinkWatch } from '../enrich/link-watch.ts'
import { type ControlHandlers } from '../operate/control.ts'
import { type Readings } from '../operate/monitor/snapshot.ts'
import { thisObserver } from '../operate/observer.ts'
import { measureOverhead, type OverheadMeter } from '../operate/overhead.ts'
import { type SummaryCounter } from '../operate/summary.ts'
import { acceptOperation } from '../outbox/entry.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { Protocols } from '../protocols/protocols.ts'
import { type TrafficEvent } from '../protocols/traffic.ts'
import { type Activity } from '../sinks/activity.ts'
import { type Journal } from '../storage/journal.ts'
import { startAlerts, watchBlindness } from './blindness.ts'
import { eventContext, reloadPlaces } from './context.ts'
import { controlHandlers } from './control.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import { Knowledge } from './knowledge.ts'
import { type SensorParts } from './parts.ts'
import { readingsOf } from './readings.ts'
import { makeSummary, type Report, report } from './report.ts'
import { RuleRunner, tellReload } from './rules.ts'
import { makeActivity, makeDetectors, makeDevices, makeJournal, makeLinkWatch } from './stages.ts'

/** Opens the sinks and reads what the memory knows. Owns `parts.environment` once it resolves. */
export async function openSensor(parts: SensorParts): Promise<Sensor> {
  checkGeo(parts.config.enrich.geo)
  const observer: Observer = thisObserver()
  const delivery = await openDelivery(parts.config, { ...parts, observer })
  return new Sensor(parts, delivery, observer)
}

/** All stages after decoding: who is there, what is new about it, and who is told. */
export class Sensor {
  readonly #parts: SensorParts
  readonly #delivery: Delivery
  readonly #devices: Devices
  readonly #link: LinkWatch
  readonly #summary: SummaryCounter
  readonly #activity: Activity | undefined
  readonly #report: Report
  readonly #overhead: OverheadMeter
  readonly #enrichment: Enrichment
  readonly #protocols = new Protocols(event => this.#protocol(event))
  readonly #rules: RuleRunner
  readonly #detectors: Detectors
  readonly #journal: Journal
  readonly #knowledge: Knowledge
  #nextAdvance = Number.NEGATIVE_INFINITY
  readonly #watchBlindness: (time: number) => void
  readonly #names = new Map<number, string>()
  #home: Home

  constructor(parts: SensorParts, delivery: Delivery, observer: Observer) {
    this.#parts = parts
    this.#delivery = delivery
    this.#journal = makeJournal(parts, {
      alerted: sequence => this.#alerted(sequence),
      lost: operations => this.#knowledge.lost(operations),
    })
    this.#knowledge = new Knowledge(parts, this.#journal)
    this.#overhead = measureOverhead(() => parts.source.kernelTime?.())
    this.#home = homeOf(parts.homeOf([]))
    this.#devices = makeDevices(parts, this.#journal, event => this.#device(event))
    const known = { home: () => this.#home, devices: this.#devices }
    this.#enrichment = new Enrichment(parts.config.enrich, known)
    this.#link = makeLinkWatch(this.#devices, this.#enrichment)
    this.#activity = makeActivity(parts, this.#devices, this.#enrichment, this.#names)
    this.#rules = this.#makeRules(observer)
    this.#detectors = makeDetectors(parts, {
      ...known,
      signal: signal => this.#rules.take(signal),
      enrichment: this.#enrichment,
      protocols: () => this.#protocols,
      baselines: this.#knowledge.baselines,
      journal: this.#journal,
    })
    this.#summary = this.#makeSummary()
    this.#report = report(parts, this.#summary, observer)
    this.#watchBlindness = watchBlindness({
      counters: () => parts.source.counters(),
      observer,
      raise: alert => this.#raise(alert),
    })
    const alerts = startAlerts(parts.environment.setAside, this.#devices.counts.damaged, observer)
    for (const alert of alerts) this.#raise(alert)
    this.follow(parts.interfaces)
  }

  take(event: KernelEvent): void {
    this.#link.take(event)
    if (event.kind === 'flow') this.#enrichment.began(event)
    this.#summary.count(event)
    this.#activity?.event(event)
    this.#protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') this.#judge(event)
    if (event.kind === 'flow') this.#enrichment.ended(event)
    if (event.packet.time >= this.#nextAdvance) this.#advanceRules(event.packet.time)
    this.#journal.mark()
  }

  /** The interfaces that are watched have changed. */
  follow(interfaces: readonly Interface[]): void {
    this.#home = homeOf(this.#parts.homeOf(interfaces))
    this.#link.setInterfaces(interfaces)
    for (const { index, name } of interfaces) this.#names.set(index, name)
  }

  /** Moves the clock of an idle line to `time`, µs since the Unix epoch. */
  advance(time: number): void {
    this.#link.idle(time)
    this.#protocols.expire(time)
    this.#advanceRules(time)
    this.#activity?.tick(time)
    this.#watchBlindness(time)
  }

  reopen(): Promise<void> {
    reloadPlaces(this.#enrichment, this.#parts.log)
    this.reloadRules()
    this.#detectors.reload()
    return this.#delivery.reopen()
  }

  /** Takes the rules as they are now; with a new fault in them the old ones go on. */
  reloadRules(): void {
    tellReload(this.#rules.reload(), this.#parts.log)
  }

  /** What the commands of a person may ask this sensor while it runs. */
  get control(): ControlHandlers {
    const { outbox } = this.#delivery
    return controlHandlers({ outbox, baselines: this.#knowledge, devices: this.#devices })
  }

  /** What runs, and what is wrong with it, for whoever started the sensor. */
  get rules(): Pick<RuleRunner, 'size' | 'faults'> {
    return this.#rules
  }

  /** What probes and Prometheus ask of it. */
  get readings(): Readings {
    return readingsOf({
      parts: this.#parts,
      outbox: this.#delivery.outbox,
      summary: this.#summary,
      rules: this.#rules,
      detectors: this.#detectors,
      baselines: this.#knowledge.baselines,
      devices: this.#devices,
    })
  }

  /** What waits goes to disk, if that takes it within 1 s (R16), and, for a time, to the sinks. */
  async close(hurry?: AbortSignal): Promise<void> {
    this.#report.stop()
    this.#parts.environment.end(1000)
    this.#protocols.close()
    this.#devices.settle()
    this.#activity?.tick(Number.POSITIVE_INFINITY)
    await this.#detectors.close()
    this.#rules.save()
    await this.#journal.flush()
    await this.#knowledge.flush()
    await this.#devices.flush()
    await this.#delivery.close(hurry)
    this.#report.last()
    this.#overhead.close()
    await this.#parts.environment.close()
  }

  #protocol(event: ProtocolEvent): void {
    this.#enrichment.learn(event)
    this.#link.protocol(event)
    this.#activity?.protocol(event)
    this.#judge(event)
  }

  #device(event: DeviceEvent): void {
    this.#summary.countDevice(event)
    this.#activity?.device(event)
    this.#judge(event)
  }

  /** Rules see the event, then what the detectors make of it. */
  #judge(event: TrafficEvent | DeviceEvent): void {
    this.#rules.take(event)
    this.#detectors.take(event)
  }

  /** Windows and silences move on with event time (µs), once a second of it. */
  #advanceRules(time: number): void {
    this.#nextAdvance = time + 1e6
    // Detectors remember too, also where no rule does.
    this.#knowledge.baselines.advance(time)
    this.#detectors.advance(time)
    this.#rules.advance(time)
  }

  #makeRules(observer: Observer): RuleRunner {
    const { config, learn, live = true } = this.#parts
    const context = eventContext({
      interfaceName: ifindex => this.#parts.interfaceName?.(ifindex) ?? this.#names.get(ifindex),
      home: () => this.#home,
      enrichment: this.#enrichment,
      protocols: () => this.#protocols,
    })
    return new RuleRunner({
      config,
      context: { ...context, observer },
      observer,
      raise: alert => this.#raise(alert),
      learn,
      budget: live,
      knowledge: this.#knowledge,
    })
  }

  #makeSummary(): SummaryCounter {
    return makeSummary(this.#parts.source, {
      devices: this.#devices,
      home: () => this.#home,
      queue: () => this.#delivery.outbox.status,
      overhead: this.#overhead,
      enrichment: this.#enrichment,
      detectors: () => this.#detectors.counts,
      linesLeftOut: () => this.#parts.output.dropped + (this.#activity?.leftOut ?? 0),
    })
  }

  #alerted(sequence: number): void {
    this.#summary.countAlert()
    this.#delivery.outbox.added(sequence)
  }

  /** An alert becomes durable with all that the event at hand has changed. */
  #raise(alert: Document): void {
    this.#summary.raised.count(alert)
    // A replay gives the same alerts every time: when it was is nothing of theirs.
    this.#journal.add(acceptOperation(alert, this.#parts.live === false ? { acceptedAt: 0 } : {}))
  }
}
