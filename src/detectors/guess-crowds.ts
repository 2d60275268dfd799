import { nearestMinute } from '../decode/clock.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { type GuessLimits } from './guesses.ts'
import { destinationKey, pairKey, sourceKey } from './keys.ts'
import { type LoginService, type Verdict } from './login-service.ts'
import { directionOf } from './source.ts'
import { Spread } from './spread.ts'

/** Those who are refused by one server. */
interface Crowd extends Kept {
  readonly sources: Spread
  attempts: number
  /** Sessions in which work was done. */
  used: number
}

const hour = 3600e6
/** Times as many sessions as of one source. */
const times = 4
/** Sources, within a window and however slowly. */
const fast = 10
const slow = 25
/** Share of sessions that may be other than refused: a server of many users has typing errors, too. */
const mostUsed = 0.2

/**
 * Counts those who guess at one server, few times each, as a botnet does. Only sources outside, or
 * sessions whose content says that they were refused: many of our own may use a server all day.
 */
export class GuessCrowds {
  readonly #limits: GuessLimits
  readonly #parts: Pick<DetectorContext, 'signal' | 'home'>
  readonly #crowds: Bounded<Crowd>

  constructor(limits: GuessLimits, parts: Pick<DetectorContext, 'signal' | 'home'>) {
    this.#limits = limits
    this.#parts = parts
    const idle = (_: Crowd, crowded: boolean) => (crowded ? limits.window / 10 : hour)
    this.#crowds = new Bounded<Crowd>({ limit: limits.pairs, idle })
  }

  get refused(): number {
    return this.#crowds.refused
  }

  advance(time: number): void {
    this.#crowds.advance(time)
  }

  /** Takes how a session went; `isSure` when what was said tells it. */
  take(flow: FlowEvent, service: LoginService, verdict: Verdict, isSure: boolean): void {
    const { packet } = flow
    if (!isSure && directionOf(this.#parts.home(), packet) !== 'inbound') return
    const { guesses, isUsed } = verdict
    const { time } = packet
    const key = pairKey(destinationKey(packet), packet.destinationPort, 0x43)
    const crowd = this.#crowds.get(key, time) ?? this.#begin(key, time)
    if (crowd === undefined) return
    if (time > crowd.last) crowd.last = time
    if (isUsed) {
      crowd.used++
      return
    }
    crowd.attempts += guesses
    crowd.sources.add(sourceKey(packet), time, this.#limits.window)
    const { factor } = this.#limits
    if (crowd.attempts < times * service.attempts * factor) return
    if (!crowd.sources.crosses(fast * factor, slow * factor)) return
    if (crowd.used > mostUsed * crowd.attempts || !crowd.sources.isNews()) return
    this.#say(flow, service, crowd)
  }

  #begin(key: number, time: number): Crowd | undefined {
    const crowd = { sources: new Spread(time), attempts: 0, used: 0, last: time }
    return this.#crowds.add(key, crowd, time) ? crowd : undefined
  }

  #say(flow: FlowEvent, service: LoginService, { sources, attempts }: Crowd): void {
    const { destinationIp = '', destinationPort } = flow.packet
    const { seconds, size, start, tellings } = sources
    this.#parts.signal({
      name: 'brute-force',
      score: 0.7,
      entity: destinationIp,
      identity: ['crowd', destinationPort, nearestMinute(start), tellings],
      message: `${size} hosts tried ${attempts} passwords or more for ${service.name} at ${destinationIp} in ${seconds} s, few each`,
      evidence: { service: service.name, attempts, seconds, sources: size, manner: 'crowd' },
      trigger: flow,
    })
  }
}
