import { milliseconds } from '../config/duration.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { domainParts } from '../protocols/dns-ecs.ts'
import { type DetectorContext } from './detector.ts'
import { type HabitFacts, Habits } from './habit.ts'
import { NameSuffixes } from './known-services.ts'
import { PairTable, writeDestination, writeSource, writeText } from './pair-table.ts'
import { directionOf, sourceKey } from './source.ts'

export interface ExfiltrationOptions {
  readonly conversation: number
  readonly day: number
  readonly ratio: number
  readonly habit: number
  readonly learning: string | number
  readonly pairs: number
  readonly known_names: readonly string[]
}

const dayLength = 86_400 * 1e6
/** Payload below which a report is no part of an upload: what a page of requests takes. */
const crumbs = 16_384
/** A key that stands for a name. */
const named = 256

/** Adds up what goes to each domain or address in a day. */
export class ExfiltrationWatch {
  readonly #options: ExfiltrationOptions
  readonly #context: DetectorContext
  readonly #habits: Habits
  readonly #names: NameSuffixes
  readonly #table: PairTable
  readonly #day: Uint32Array
  readonly #out: Float64Array
  readonly #back: Float64Array
  /** Bytes from which the pair is told (again) today. */
  readonly #next: Float64Array
  #started = false

  constructor(options: ExfiltrationOptions, context: DetectorContext) {
    this.#options = options
    this.#context = context
    const learning = context.learning(milliseconds(options.learning) * 1000)
    this.#habits = new Habits(context.baselines, { name: 'exfiltration', learning })
    this.#names = new NameSuffixes(options.known_names)
    this.#table = new PairTable({ width: 9, limit: options.pairs, keep: dayLength })
    const { slots } = this.#table
    this.#day = new Uint32Array(slots)
    this.#out = new Float64Array(slots)
    this.#back = new Float64Array(slots)
    this.#next = new Float64Array(slots)
  }

  get counts() {
    const { size, refused, evicted } = this.#table
    return { pairs: size, refused, evicted }
  }

  flow(flow: FlowEvent): void {
    if (!this.#started) {
      this.#started = true
      this.#habits.started(flow.packet.time)
    }
    if (flow.sourcePayload < crumbs || flow.action === 'start') return
    const { home, growth } = this.#context
    if (directionOf(home(), flow.packet) !== 'outbound') return
    const { out, back } = growth.of(flow)
    const name = this.#context.destinationName(flow.packet, flow.start)?.name
    const domain = name === undefined ? undefined : domainOf(name)
    const pair = this.#find(flow, domain)
    if (pair < 0) return
    this.#add(pair, flow.packet.time, out, back)
    this.#judge(pair, flow, name, domain)
  }

  #find(flow: FlowEvent, domain: string | undefined): number {
    const { packet } = flow
    const { key } = this.#table
    writeSource(key, packet)
    writeDestination(key, 4, packet)
    key[8] = packet.family
    if (domain !== undefined) {
      writeText(key, 4, domain)
      key[6] = 0
      key[7] = 0
      key[8] = named
    }
    const known = this.#table.find()
    if (known >= 0) {
      this.#table.touch(known, packet.time)
      return known
    }
    const pair = this.#table.claim(packet.time)
    if (pair >= 0) this.#day[pair] = 0
    return pair
  }

  #add(pair: number, time: number, out: number, back: number): void {
    const today = Math.floor(time / dayLength)
    if (this.#day[pair] !== today) {
      this.#day[pair] = today
      this.#out[pair] = 0
      this.#back[pair] = 0
      this.#next[pair] = 0
    }
    this.#out[pair] = (this.#out[pair] ?? 0) + out
    this.#back[pair] = (this.#back[pair] ?? 0) + back
  }

  #judge(
    pair: number,
    flow: FlowEvent,
    name: string | undefined,
    domain: string | undefined,
  ): void {
    const { conversation, day, ratio } = this.#options
    const isLarge = flow.sourcePayload >= conversation
    const out = Math.max(this.#out[pair] ?? 0, isLarge ? flow.sourcePayload : 0)
    const back = Math.max(this.#back[pair] ?? 0, isLarge ? flow.destinationPayload : 0)
    if ((!isLarge && out < day) || out < ratio * back) return
    if (out < (this.#next[pair] ?? 0)) return
    // Again when it is ten times as much.
    this.#next[pair] = out * 10
    const key = sourceKey(this.#context.devices, flow.packet)
    const usual = this.#context.profiles.highBytes(key)
    if (out < this.#options.habit * usual) return
    const whole = domain ?? flow.packet.destinationIp ?? ''
    const habit = this.#habits.ask(key, whole, flow.packet.time)
    if (habit.habit === 'old') return
    this.#tell(flow, name, { out, back, usual, habit, whole })
  }

  #tell(flow: FlowEvent, name: string | undefined, found: Finding): void {
    const { out, back, usual, habit, whole } = found
    const { sourceIp = '', destinationIp = '', time } = flow.packet
    const destination = name ?? destinationIp
    const known = name !== undefined && this.#names.has(name)
    this.#context.signal({
      name: 'exfiltration',
      score: weigh(found, known),
      entity: sourceIp,
      identity: [whole, Math.floor(time / dayLength), Math.floor(Math.log10(out))],
      message: `${sourceIp} sent ${megabytes(out)} MB to ${destination}, and ${megabytes(back)} MB came back`,
      evidence: {
        destination,
        bytes_out: out,
        bytes_in: back,
        conversation: flow.sourcePayload,
        usual: Math.round(usual),
        habit: habit.habit,
        others: habit.others,
        known_service: known,
      },
      trigger: flow,
    })
  }
}

interface Finding {
  readonly out: number
  readonly back: number
  readonly usual: number
  readonly habit: HabitFacts
  /** What is added up: all names of a domain, or the address. */
  readonly whole: string
}

function weigh({ out, back, usual, habit }: Finding, isKnown: boolean): number {
  let score = habit.habit === 'new' ? 0.8 : 0.6
  // It is known what the device does, and this is not it.
  if (usual > 0) score += 0.1
  if (out > 20 * back) score += 0.05
  if (habit.others >= 3) score -= 0.2
  if (isKnown) score -= 0.2
  return Math.round(Math.min(1, score) * 100) / 100
}

/** Whoever spreads an upload over names of one domain sends it to one place. */
function domainOf(name: string): string {
  return domainParts(name).registered_domain ?? name
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}
