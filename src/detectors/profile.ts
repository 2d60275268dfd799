import { type OutOfProfile, type ProfileLimits } from '../baseline/profiles.ts'
import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { type DetectorContext, defineDetector } from './detector.ts'
import { HourCounts } from './hour-counts.ts'
import { hundredths } from './hundredths.ts'
import { ProfileSlots } from './profile-slots.ts'
import { directionOf } from './source.ts'

const hour = 3600 * 1e6
/** The line was silent for so long (µs): the sensor was not there. */
const gap = 6 * hour
/** All devices are looked at in so many steps of a second. */
const round = 300
/** Profiles of the memory that are read in a second: some 20 ms. */
const readAtOnce = 2000

/** The nouns of the measures, for people. */
const nouns = {
  'bytes-out': 'bytes sent to the outside',
  flows: 'conversations',
  destinations: 'different destinations',
  'dns-queries': 'DNS questions',
  nxdomains: 'names that do not exist',
} as const

function least(value: number, noun: string) {
  const description = `${noun} in an hour below which nothing is said.`
  return Type.Integer({ default: value, minimum: 1, maximum: 1e15, description })
}

const schema = section('An hour in which a device does far more than it ever does.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  learning: duration({
    default: '3d',
    maxDuration: '14d',
    description: 'How long a device must have been watched before anything is said of it.',
  }),
  active_hours: Type.Integer({
    default: 24,
    minimum: 12,
    maximum: 336,
    description: 'Hours in which it must have opened conversations before that.',
  }),
  z: Type.Number({
    default: 3.5,
    minimum: 1,
    maximum: 100,
    description:
      'Robust standard deviations of the logarithm by which an hour must exceed what is usual.',
  }),
  bytes_out: least(200_000_000, 'Bytes sent to the outside'),
  flows: least(2000, 'Conversations'),
  destinations: least(200, 'Different destinations'),
  dns_queries: least(2000, 'DNS questions'),
  nxdomains: least(100, 'Names that do not exist'),
})

type Options = Static<typeof schema>

/**
 * Compares each hour of a device with its last two weeks: the same hour of the week, of the day, and
 * all of them. An hour that is out of the profile is not learned before such hours have become the
 * half of what is remembered; it is told when it is more than ever before in these weeks.
 */
export const profile = defineDetector({
  schema,
  signals: [
    {
      name: 'out-of-profile',
      when: 'A device did far more in an hour than in the two weeks before.',
      evidence: {
        measure: 'bytes-out, flows, destinations, dns-queries or nxdomains',
        value: 'of this hour',
        median: 'usual value at such an hour',
        spread: 'factor around it that is usual (one robust standard deviation)',
        z: 'robust standard deviations above what is usual',
        hour_z: 'the same for this hour of the day alone',
        basis: 'what it was compared with: hour-of-week, hour-of-day or all',
        hours: 'hours behind that',
        watched_hours: 'hours for which the device was watched, 336 at most',
        active_hours: 'hours in which it opened conversations',
        also: 'what else was far more than usual in this hour, in words',
        explained_by:
          'signals about the device in this hour that say why, where they do: then the score is 0.5 at most',
      },
    },
  ],
  open(options, context) {
    const watch = new ProfileWatch(options, context)
    return {
      on: { flow: event => watch.flow(event), dns: event => watch.dns(event) },
      flows: ['update', 'end'],
      advance: time => watch.advance(time),
      counts: () => context.profiles.counts,
    }
  },
})

class ProfileWatch {
  readonly #context: DetectorContext
  readonly #limits: ProfileLimits
  readonly #counts = new HourCounts()
  readonly #slots: ProfileSlots
  /** The first hour that was watched from its beginning. */
  #since = 0
  #last = 0
  #swept = 0

  constructor(options: Options, context: DetectorContext) {
    this.#context = context
    this.#limits = limitsOf(options, context)
    this.#slots = new ProfileSlots(context)
  }

  flow(flow: FlowEvent): void {
    if (flow.action === 'start') return
    const { packet } = flow
    const { home, growth } = this.#context
    const direction = directionOf(home(), packet)
    if (direction !== 'outbound' && direction !== 'internal') return
    const slot = this.#slotOf(packet, flow.destinationPackets > 0)
    if (slot < 0) return
    if (direction === 'outbound') this.#counts.add(slot, 0, growth.of(flow).out)
    if (flow.action === 'update') return
    this.#counts.add(slot, 1, 1)
    this.#counts.meet(slot, packet.destination0, packet.destination3 ^ packet.destination2)
  }

  dns({ packet, message }: DnsEvent): void {
    if (message.dialect !== 'dns') return
    const slot = this.#slotOf(packet, packet.fromResponder)
    if (slot < 0) return
    if (!packet.fromResponder) this.#counts.add(slot, 3, 1)
    else if ((message.flags & 0x800f) === nonexistent) this.#counts.add(slot, 4, 1)
  }

  advance(time: number): void {
    this.#context.profiles.step(readAtOnce)
    const now = Math.floor(time / hour)
    // The first hour was not seen from its beginning, and neither is that after a silence.
    if (time - this.#last > gap) this.#since = time % hour < hour / 12 ? now : now + 1
    this.#last = Math.max(this.#last, time)
    const { size } = this.#slots
    for (let left = Math.ceil(size / round); left > 0; left--) {
      this.#swept = (this.#swept + 1) % size
      const counting = this.#counts.hour(this.#swept)
      if (counting > 0 && counting < now) this.#close(this.#swept, counting, now)
    }
  }

  /** The slot of the source, counting this hour. Who was never answered gets none. */
  #slotOf(packet: Packet, answered: boolean): number {
    const now = Math.floor(packet.time / hour)
    const slot = this.#slots.find(packet, now, answered)
    if (slot >= 0 && this.#counts.hour(slot) < now) {
      this.#close(slot, this.#counts.hour(slot), now)
    }
    return slot
  }

  /** The hour `over` of a device is over, and `next` begins. */
  #close(slot: number, over: number, next: number): void {
    if (over > 0 && over >= this.#since) {
      const values = this.#counts.values(slot)
      const { profiles } = this.#context
      const found = profiles.take(slot, over, values, this.#since, this.#limits)
      if (found.length > 0) this.#tell(found, this.#slots.address(slot), over)
    }
    this.#counts.begin(slot, next)
  }

  /** One signal an hour, of what is furthest out; what others have told already explains a measure. */
  #tell(all: readonly OutOfProfile[], address: string, over: number): void {
    const said = this.#context.said(address, over * hour)
    const open = all.filter(({ measure }) => !causes[measure].some(name => said.includes(name)))
    const isExplained = open.length === 0
    const scores = (isExplained ? all : open).map(found => scoreOf(found, this.#limits.z))
    const highest = Math.max(...scores)
    const found = (isExplained ? all : open)[scores.indexOf(highest)]
    if (found === undefined) return
    const { measure, value, z, hourZ } = found
    this.#context.signal({
      name: 'out-of-profile',
      score: isExplained ? Math.min(highest, explained) : highest,
      entity: address,
      identity: [measure, over],
      message: `${address} had ${textOf(found)}`,
      evidence: {
        measure,
        value: Math.round(value),
        median: hundredths(found.median),
        spread: hundredths(found.spread),
        z: hundredths(z),
        hour_z: hundredths(hourZ),
        basis: found.basis,
        hours: found.hours,
        watched_hours: found.watched,
        active_hours: found.active,
        also: listed(all.filter(one => one !== found).map(textOf)),
        explained_by: listed(isExplained ? said : []),
      },
      fields: { 'source.ip': address },
    })
  }
}

/** Score at most of an hour that others have told of. */
const explained = 0.5
/** Signals that say why a measure is out, where they are about the same device in the same hour. */
const scans = ['port-scan', 'host-sweep', 'mixed-scan']
const causes: Readonly<Record<OutOfProfile['measure'], readonly string[]>> = {
  'bytes-out': ['exfiltration'],
  flows: [...scans, 'flood', 'brute-force', 'dns-tunnel', 'dga', 'strobe'],
  destinations: scans,
  'dns-queries': ['dns-tunnel', 'dga'],
  nxdomains: ['dga', 'dns-tunnel'],
}

function textOf({ measure, value, median }: OutOfProfile): string {
  const usual = median < 10 ? median.toFixed(1) : Math.round(median)
  return `${Math.round(value)} ${nouns[measure]} in an hour; ${usual} are usual`
}

function listed(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts
}

/** NXDOMAIN, in the flags of an answer. */
const nonexistent = 0x8003

/** What is unusual for the hour alone is worth less than what is unusual for the device. */
function scoreOf({ z, hourZ }: OutOfProfile, limit: number): number {
  const isOut = z > limit
  const over = (isOut ? z : hourZ) - limit
  return hundredths(Math.min(isOut ? 1 : 0.5, (isOut ? 0.6 : 0.3) + over / 20))
}

function limitsOf(options: Options, { learning }: DetectorContext): ProfileLimits {
  const watched = learning(milliseconds(options.learning) * 1000) / hour
  const { bytes_out, flows, destinations, dns_queries, nxdomains } = options
  return {
    z: options.z,
    watched,
    active: Math.min(options.active_hours, Math.max(watched, 12)),
    least: [bytes_out, flows, destinations, dns_queries, nxdomains],
  }
}
