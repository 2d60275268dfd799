/**
 * A bounded set of things seen, each a few 32-bit numbers. Two generations of half the limit: when
 * the young one is full the old one is forgotten; what is seen again in time becomes young again.
 */
export class Seen {
  #young = new Set<number>()
  #old = new Set<number>()
  readonly #half: number

  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** True the first time. Two things are taken for one with a chance of 2^-53. */
  add(...words: readonly number[]): boolean {
    const key = hash(words)
    if (this.#young.has(key)) return false
    const known = this.#old.delete(key)
    if (this.#young.size >= this.#half) {
      this.#old = this.#young
      this.#young = new Set()
    }
    this.#young.add(key)
    return !known
  }
}

/** Two hashes of 32 and 21 bits with different seeds, each with the mixing of MurmurHash3. */
function hash(words: readonly number[]): number {
  let one = 0x243f6a88
  let two = 0x13198a2e
  for (const word of words) {
    one = Math.imul(one ^ scramble(word), 0x9e3779b1)
    one ^= one >>> 15
    two = Math.imul(two ^ scramble(word ^ 0x55555555), 0x85ebca6b)
    two ^= two >>> 13
  }
  return (one >>> 0) * 0x200000 + (two >>> 11)
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51)
  return (product << 15) | (product >>> 17)
}
