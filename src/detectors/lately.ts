import { PairTable, writeText } from './pair-table.ts'

/** Which pairs of texts were seen within a time, so that long memory need not be asked each time. */
export class Lately {
  readonly #table: PairTable
  readonly #until: Float64Array
  readonly #span: number

  /** `limit` pairs at most, each for `span` µs; 40 bytes a pair. */
  constructor(limit: number, span: number) {
    this.#span = span
    this.#table = new PairTable({ width: 4, limit, keep: span })
    this.#until = new Float64Array(this.#table.slots)
  }

  /** Whether the pair was seen before; if not it is now, at `time` (µs). */
  seen(one: string, other: string, time: number): boolean {
    const table = this.#table
    writeText(table.key, 0, one)
    writeText(table.key, 2, other)
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
