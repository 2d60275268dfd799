import { type Kept } from './bounded.ts'
import { Distinct } from './distinct.ts'

/** How much something must have grown to be told again. */
const growth = 10

/** Over how many values something spreads, in a short window and in a long one. Times in µs. */
export class Spread implements Kept {
  readonly values = new Distinct()
  /** Told of as a fast one: then a pause ends it, and what comes after is another. */
  isBout = false
  start: number
  last: number
  /** When the first of it began: a flow is told of at its end, or when somebody looks after it. */
  begun = Number.POSITIVE_INFINITY
  /** How many times it was told of: for ids, as how many there were hangs on the order in which they came. */
  tellings = 0
  #windowStart: number
  #fresh = 0
  #told = 0

  constructor(time: number) {
    this.start = time
    this.last = time
    this.#windowStart = time
  }

  /** Takes a value; true when it is new. A flow may be told of after a later one: time may go back. */
  add(value: number, time: number, window: number, begun = time): boolean {
    if (begun < this.begun) this.begun = begun
    if (time > this.last) this.last = time
    if (time < this.start) this.start = time
    if (time - this.#windowStart > window) {
      this.#windowStart = time
      this.#fresh = 0
    }
    if (!this.values.add(value)) return false
    this.#fresh++
    return true
  }

  /** Whether as many new values came in the short window, or as many in all. */
  crosses(fast: number, slow: number): boolean {
    return this.#fresh >= fast || this.values.size >= slow
  }

  /** Whether it is to be told of: the first time, and when it has grown tenfold since. */
  isNews(): boolean {
    const { size } = this.values
    if (this.#told > 0 && size < growth * this.#told) return false
    this.#told = size
    this.tellings++
    return true
  }

  /** Whether so many came in the short window that runs. */
  isFast(fast: number): boolean {
    return this.#fresh >= fast
  }

  /** Whether it was a bout, and nothing came for so long (µs). */
  isOver(time: number, pause: number): boolean {
    return this.isBout && time - this.last > pause
  }

  get size(): number {
    return this.values.size
  }

  /** Seconds from the first to the last. */
  get seconds(): number {
    return Math.round((this.last - this.start) / 1e6)
  }
}
