/** A bounded set of things seen, each a few 32-bit numbers; when it is full the oldest is forgotten. */
export class Seen {
  readonly #keys = new Set<number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#keys.size
  }

  /** True the first time. Two things are taken for one with a chance of 2^-53. */
  add(...words: readonly number[]): boolean {
    const key = hash(words)
    if (this.#keys.has(key)) return false
    if (this.#keys.size >= this.#limit) {
      const [oldest] = this.#keys
      if (oldest !== undefined) this.#keys.delete(oldest)
    }
    this.#keys.add(key)
    return true
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
