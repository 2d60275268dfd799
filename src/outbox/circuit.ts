import { type FaultClass } from './sink-error.ts'

/** Full jitter: a random pause up to `base * 2^failures`, and never more than `most`; in ms. */
const pause = { base: 500, most: 60_000 }
const heldPause = 60_000
const longestRetryAfter = 15 * 60_000
/** Failures in a row that open the circuit: then one probe per pause. */
const opensAt = 5

export interface CircuitOptions {
  /** First pause, ms. */
  readonly baseMs?: number | undefined
  /** Monotonic ms. */
  readonly now?: () => number
  readonly random?: () => number
}

export type SinkState = 'up' | 'degraded' | 'down' | 'disabled'

/** When one sink may be asked again after it failed. */
export class Circuit {
  readonly #base: number
  readonly #now: () => number
  readonly #random: () => number
  #failures = 0
  #until = 0
  #asked = 0
  #rateLimited = 0
  #held = false
  #disabled = false

  constructor({
    baseMs = pause.base,
    now = () => performance.now(),
    random = Math.random,
  }: CircuitOptions) {
    this.#base = baseMs
    this.#now = now
    this.#random = random
  }

  get state(): SinkState {
    if (this.#disabled) return 'disabled'
    if (this.#held || this.#failures >= opensAt) return 'down'
    return this.#failures > 0 ? 'degraded' : 'up'
  }

  get failures(): number {
    return this.#failures
  }

  /** ms that the far side asked for, all together. */
  get rateLimitedMs(): number {
    return this.#rateLimited
  }

  /** ms until the sink may be asked; Infinity when never again. */
  get wait(): number {
    return this.#disabled ? Number.POSITIVE_INFINITY : Math.max(0, this.#until - this.#now())
  }

  /** How many alerts may go at once when `most` is the sink's own limit. */
  limit(most: number): number {
    if (this.state === 'down') return 1
    return Math.max(1, Math.floor(most / 2 ** this.#failures))
  }

  succeeded(): void {
    this.#failures = 0
    this.#held = false
    if (this.#asked < this.#now()) this.#until = 0
  }

  failed(fault: Exclude<FaultClass, 'permanent'>, retryAfter = 0): void {
    this.#failures++
    this.#held = fault === 'configuration'
    this.#disabled = fault === 'gone'
    const most = Math.min(pause.most, this.#base * 2 ** Math.min(this.#failures - 1, 24))
    // Configuration: a person is at work, so no need to hurry or to spread.
    const held = heldPause * (this.#base / pause.base)
    this.#until = this.#now() + (this.#held ? held : this.#random() * most)
    this.pause(retryAfter)
  }

  /** The far side asks to be left alone for `ms`. */
  pause(ms: number): void {
    const asked = Number.isFinite(ms) ? Math.min(longestRetryAfter, Math.max(0, ms)) : 0
    if (asked === 0) return
    this.#rateLimited += asked
    this.#asked = this.#now() + asked
    this.#until = Math.max(this.#until, this.#asked)
  }

  /** What a former run knew: `wait` ms are left of its pause. */
  restore(failures: number, wait: number): void {
    this.#failures = Math.max(0, Math.trunc(failures) || 0)
    this.#until = this.#now() + Math.min(longestRetryAfter, Math.max(0, wait || 0))
    this.#asked = this.#until
  }
}

/** A random pause before one alert that failed alone `strikes` times is tried again, ms. */
export function alertPause(strikes: number, base = pause.base, random = Math.random): number {
  return random() * Math.min(pause.most, base * 2 ** Math.min(strikes, 24))
}
