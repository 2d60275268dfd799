import { PairTable, writeText } from './pair-table.ts'

/** Which pairs of texts were seen within a time, so that long memory need not be asked each time. */
export class Lately {
  readonly #table: PairTable
  readonly #until: Float64Array
  readonly #span: number

  /** `limit` pairs at most, each for `span` µs; 4 bytes for each word of `width` and 24 a pair. */
  constructor(limit: number, span: number, width = 4) {
    this.#span = span
    this.#table = new PairTable({ width, limit, keep: span })
    this.#until = new Float64Array(this.#table.slots)
  }

  /** Pairs that are known, and those that found no room: these are asked about each time. */
  get counts() {
    const { size, refused, evicted } = this.#table
    return { size, refused, evicted }
  }

  /** Write what stands for the pair here, then ask `seenKey`. */
  get key(): Int32Array {
    return this.#table.key
  }

  /** Whether the pair was seen before; if not it is now, at `time` (µs). */
  seen(one: string, other: string, time: number): boolean {
    writeText(this.key, 0, one)
    writeText(this.key, 2, other)
    return this.seenKey(time)
  }

  /** The same, of the pair whose key is written. */
  seenKey(time: number): boolean {
    const table = this.#table
    const known = table.find()
    const slot = known < 0 ? table.claim(time) : known
    if (slot < 0) return false
    if (known >= 0) {
      table.touch(slot, time)
      if (time < (this.#until[slot] ?? 0)) return true
    }
    this.#until[slot] = time + this.#span
    return false
  }
}
