import { measures } from '../baseline/profile.ts'

/** Bits by which destinations are told apart: counts up to some thousands within 5 %. */
const bits = 1024
const words = bits / 32

/** What each device did in the hour at hand: columns by slot that grow with the slots in use. */
export class HourCounts {
  #capacity = 0
  #hours = new Uint32Array()
  #values = new Float64Array()
  #seen = new Int32Array()
  readonly #result = new Float64Array(measures.length)

  /** The hour that the slot is counting; 0 before the first. */
  hour(slot: number): number {
    return this.#hours[slot] ?? 0
  }

  /** Starts to count an hour. */
  begin(slot: number, hour: number): void {
    if (slot >= this.#capacity) this.#grow(slot + 1)
    this.#hours[slot] = hour
    this.#values.fill(0, slot * measures.length, (slot + 1) * measures.length)
    this.#seen.fill(0, slot * words, (slot + 1) * words)
  }

  add(slot: number, measure: number, amount: number): void {
    const at = slot * measures.length + measure
    this.#values[at] = (this.#values[at] ?? 0) + amount
  }

  /** A destination by its address; the third measure is how many there were. */
  meet(slot: number, word0: number, word3: number): void {
    let hash = Math.imul(word0 ^ Math.imul(word3, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    const bit = hash & (bits - 1)
    const at = slot * words + (bit >>> 5)
    this.#seen[at] = (this.#seen[at] ?? 0) | (1 << (bit & 31))
  }

  /** The values in the order of `measures`; valid until asked again. */
  values(slot: number): Float64Array {
    const from = slot * measures.length
    this.#result.set(this.#values.subarray(from, from + measures.length))
    this.#result[2] = this.#distinct(slot)
    return this.#result
  }

  /** Linear counting (Whang et al. 1990). */
  #distinct(slot: number): number {
    let set = 0
    for (let at = slot * words; at < (slot + 1) * words; at++) set += ones(this.#seen[at] ?? 0)
    return Math.round(-bits * Math.log((bits - Math.min(set, bits - 1)) / bits))
  }

  #grow(least: number): void {
    this.#capacity = Math.max(64, 2 ** Math.ceil(Math.log2(least)))
    const hours = new Uint32Array(this.#capacity)
    const values = new Float64Array(this.#capacity * measures.length)
    const seen = new Int32Array(this.#capacity * words)
    hours.set(this.#hours)
    values.set(this.#values)
    seen.set(this.#seen)
    this.#hours = hours
    this.#values = values
    this.#seen = seen
  }
}

function ones(word: number): number {
  let rest = word - ((word >>> 1) & 0x55555555)
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333)
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
