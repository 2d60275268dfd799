import { milliseconds } from '../config/duration.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type BeaconOptions } from './beacon.ts'
import { clockOf, earlyPause, isLong, mayBeClock } from './beacon-clock.ts'
import { BeaconPairs, isWanted } from './beacon-pairs.ts'
import {
  type BeaconScores,
  combine,
  intervalText,
  overHours,
  type Rhythm,
  regularOf,
  size,
  timing,
} from './beacon-score.ts'
import { type DetectorContext } from './detector.ts'
import { type HabitFacts, Habits } from './habit.ts'
import { hundredths } from './hundredths.ts'
import { NameSuffixes } from './known-services.ts'
import { directionOf, sourceKey } from './source.ts'

const hour = 3600 * 1e6
const day = 24 * hour

/** Connections in 24 hours below which there is no rhythm to speak of: every three hours. */
const fewestDaily = 8
/** Score from which long memory is asked, and so learns: what is a habit may become more regular. */
const remarkable = 0.35
/** Counts connections and tells which are too regular. */
export class BeaconWatch {
  readonly #options: BeaconOptions
  readonly #context: DetectorContext
  readonly #pairs: BeaconPairs
  readonly #habits: Habits
  readonly #names: NameSuffixes
  readonly #ports: ReadonlySet<number>
  readonly #span: number
  #started = false

  constructor(options: BeaconOptions, context: DetectorContext) {
    this.#options = options
    this.#context = context
    this.#pairs = new BeaconPairs(options.pairs, options.watched)
    const learning = context.learning(milliseconds(options.learning) * 1000)
    this.#habits = new Habits(context.baselines, { name: 'beacon', learning })
    this.#names = new NameSuffixes(options.known_names)
    this.#ports = new Set(options.known_ports)
    this.#span = milliseconds(options.span) * 1000
  }

  get counts() {
    return this.#pairs.counts
  }

  flow(flow: FlowEvent): void {
    if (flow.action !== 'end') return
    const { packet } = flow
    if (!isWanted(flow) || directionOf(this.#context.home(), packet) !== 'outbound') return
    if (!this.#started) this.#start(packet.time)
    const name = this.#context.destinationName(packet, flow.start)?.name
    const byAddress = this.#pairs.count(flow, undefined)
    const byName = name === undefined ? -1 : this.#pairs.count(flow, name)
    if (byName >= 0) this.#look(byName, flow, name)
    // An address that is reached under one name is told under that name.
    const { table } = this.#pairs
    const isOther = byName < 0 || table.weight(byName) * 2 < table.weight(byAddress)
    if (byAddress >= 0 && isOther) this.#look(byAddress, flow, undefined)
  }

  advance(time: number): void {
    this.#pairs.sweep(time)
  }

  #start(time: number): void {
    this.#started = true
    this.#habits.started(time)
  }

  #look(pair: number, flow: FlowEvent, name: string | undefined): void {
    const ring = this.#pairs.ring(pair)
    const { connections } = this.#options
    // Less than is judged must not use up the look that is due.
    if (ring < 0 || this.#pairs.rings.count(ring) < Math.max(fewestDaily, connections - 3)) return
    const { time } = flow.packet
    const age = time - this.#pairs.first(pair)
    if (age < this.#span) {
      this.#lookEarly(pair, flow, name, age)
      return
    }
    if (!this.#pairs.due(pair, time, hour / 2)) return
    const hourly = this.#pairs.rings.hourly(ring)
    const daily = hourly.reduce((sum, count) => sum + count, 0)
    if (daily >= this.#options.strobe) this.#tellStrobe(pair, flow, name, daily)
    // What is made anew twice a day is a long conversation, not a call.
    else if (daily >= fewestDaily) this.#judge(pair, flow, name, hourly)
  }

  /** What is as regular as a clock needs no hours, where nobody else does it. */
  #lookEarly(pair: number, flow: FlowEvent, name: string | undefined, age: number): void {
    const { rings } = this.#pairs
    const ring = this.#pairs.ring(pair)
    const count = rings.count(ring)
    if (!mayBeClock(flow, count, age)) return
    const { time } = flow.packet
    if (!this.#pairs.due(pair, time, earlyPause)) return
    const clock = clockOf(rings.series(ring))
    if (clock === undefined || this.#isKnown(flow, name)) return
    const company = { ...this.#pairs.company(pair, time), known: false }
    if (company.sharing > 1 || company.beacons > 3) return
    const habit = this.#habits.ask(
      sourceKey(this.#context.devices, flow.packet),
      name ?? flow.packet.destinationIp ?? '',
      time,
    )
    if (habit.habit === 'old' || habit.others > 0) return
    if (habit.habit === 'new' && !isLong(count, age)) return
    const { score, rhythm, size } = clock
    this.#pairs.rest(pair, time + day / 4, score)
    const scores = { timing: rhythm.score, size, histogram: 0, duration: 0 }
    this.#tell(flow, name, { score, scores, rhythm, habit, company, count: this.#count(pair) })
  }

  #judge(pair: number, flow: FlowEvent, name: string | undefined, hourly: number[]): void {
    const { rings } = this.#pairs
    const { starts, sizes } = rings.series(this.#pairs.ring(pair))
    const rhythm = timing(starts)
    const scores = { timing: rhythm.score, size: size(sizes), ...overHours(hourly) }
    const isRegular = rhythm.score >= regularOf(rhythm.count)
    const plain = combine(scores, isRegular)
    const { time } = flow.packet
    if (plain < remarkable) return
    const habit = this.#habits.ask(
      sourceKey(this.#context.devices, flow.packet),
      name ?? flow.packet.destinationIp ?? '',
      time,
    )
    if (habit.habit === 'old') {
      this.#pairs.rest(pair, time + day / 4, 0)
      return
    }
    const known = this.#isKnown(flow, name)
    // Who else calls only ever speaks for it, and is dear to find out.
    const alone = weigh(plain, isRegular, habit, { ...nobody, known })
    if (hundredths(alone) < this.#options.score) return
    const company = { ...this.#pairs.company(pair, time), known }
    const score = hundredths(weigh(plain, isRegular, habit, company))
    if (score < this.#options.score) return
    // What was told needs no second word soon.
    this.#pairs.rest(pair, time + day / 4, plain)
    this.#tell(flow, name, { score, scores, rhythm, habit, company, count: this.#count(pair) })
  }

  #count(pair: number): number {
    return this.#pairs.table.weight(pair)
  }

  #isKnown(flow: FlowEvent, name: string | undefined): boolean {
    if (this.#ports.has(flow.packet.destinationPort)) return true
    return name !== undefined && this.#names.has(name)
  }

  #tell(flow: FlowEvent, name: string | undefined, found: Finding): void {
    const { sourceIp = '', destinationIp = '', time } = flow.packet
    const { score, scores, rhythm, habit, company, count } = found
    const destination = name ?? destinationIp
    const every = intervalText(rhythm.interval)
    const jitter = Math.round(rhythm.jitter * 100)
    this.#context.signal({
      name: 'beacon',
      score,
      entity: sourceIp,
      identity: [destination, Math.floor(time / day)],
      message: `${sourceIp} connects to ${destination} every ${every} (give or take ${jitter} %), ${count} times so far`,
      evidence: {
        destination,
        connections: count,
        interval: hundredths(rhythm.interval),
        jitter: hundredths(rhythm.jitter),
        timing: hundredths(scores.timing),
        size: hundredths(scores.size),
        histogram: hundredths(scores.histogram),
        duration: hundredths(scores.duration),
        habit: habit.habit,
        sharing: company.sharing,
        beacons: company.beacons,
        known_service: company.known,
      },
      trigger: flow,
    })
  }

  #tellStrobe(pair: number, flow: FlowEvent, name: string | undefined, daily: number): void {
    const { sourceIp = '', destinationIp = '', time } = flow.packet
    this.#pairs.rest(pair, time + day / 4, 1)
    const destination = name ?? destinationIp
    this.#context.signal({
      name: 'strobe',
      score: 0.8,
      entity: sourceIp,
      identity: [destination, Math.floor(time / day)],
      message: `${sourceIp} connected to ${destination} ${daily} times in the last 24 hours`,
      evidence: { destination, connections: daily },
      trigger: flow,
    })
  }
}

interface Company {
  readonly sources: number
  readonly sharing: number
  readonly beacons: number
  readonly known: boolean
}

/** Who calls alone among many. */
const nobody = { sources: Number.POSITIVE_INFINITY, sharing: 0, beacons: 0 } as const

interface Finding {
  readonly score: number
  readonly scores: BeaconScores
  readonly rhythm: Rhythm
  readonly habit: HabitFacts
  readonly company: Company
  readonly count: number
}

/** What others do and what was before: RITA's modifiers, and those for services that all use. */
function weigh(
  plain: number,
  isRegular: boolean,
  { habit, others }: HabitFacts,
  company: Company,
): number {
  const { sources, sharing, beacons, known } = company
  let score = plain
  // To a destination that others call already it is the device that is new.
  if (habit === 'new' && isRegular) score += others === 0 ? 0.15 : -0.1
  if (Math.max(sharing, others + 1) >= Math.max(3, 0.05 * sources)) score -= 0.2
  if (sharing >= 2 && sharing >= 0.5 * sources) score -= 0.15
  // A monitor polls many; what has crept in calls one or two.
  if (beacons > 3) score -= beacons > 5 ? 0.3 : 0.1
  return Math.min(1, Math.max(0, known ? score / 2 : score))
}
