import { hashOf } from './keys.ts'

/** Values that are kept as they are; beyond them a bit map counts. */
const exact = 16
const bits = 4096

/**
 * How many different numbers came. The first sixteen are kept and counted exactly; more are counted
 * in a map of 4,096 bits (linear counting: 1 % off at 1,000, full at about 34,000). At most 0.7 KB.
 */
export class Distinct {
  /** The first that came, for evidence. */
  readonly first: number[] = []
  #map: Uint32Array | undefined
  #set = 0
  /** Of the first, those that share a bit with another of them. */
  #shared = 0

  /** True when the value is new, as far as can be told. */
  add(value: number): boolean {
    if (this.#map !== undefined) return this.#mark(value)
    if (this.first.includes(value)) return false
    if (this.first.length < exact) {
      this.first.push(value)
      return true
    }
    this.#map = new Uint32Array(bits / 32)
    for (const known of this.first) this.#mark(known)
    this.#shared = exact - this.#set
    return this.#mark(value)
  }

  get size(): number {
    if (this.#map === undefined) return this.first.length
    const free = Math.max(1, bits - this.#set)
    return Math.round(-bits * Math.log(free / bits)) + this.#shared
  }

  #mark(value: number): boolean {
    const map = this.#map
    if (map === undefined) return false
    const bit = hashOf(value) & (bits - 1)
    const at = bit >>> 5
    const mask = 1 << (bit & 31)
    const before = map[at] ?? 0
    if ((before & mask) !== 0) return false
    map[at] = before | mask
    this.#set++
    return true
  }
}
