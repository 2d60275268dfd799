/** Random numbers of one seed; forks are independent of what was drawn before. */
export class Dice {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = this.#seed
  }

  /** Dice of their own for `label`, the same whenever they are asked for. */
  fork(label: string | number): Dice {
    let hash = this.#seed ^ 0x9e3779b9
    for (const letter of String(label)) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
    return new Dice(hash ^ (hash >>> 15))
  }

  /** In [0, 1), mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  word(): number {
    return Math.floor(this.next() * 4294967296)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.next() * list.length)]
    if (found === undefined) throw new RangeError('nothing to pick from')
    return found
  }

  /** Exponential, as the time between independent events. */
  exp(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }

  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Log-normal: sizes of pages and files. */
  size(median: number, spread = 1): number {
    return Math.round(median * Math.exp(this.normal(0, spread)))
  }

  /** `value` give or take a share of it. */
  around(value: number, share: number): number {
    return value * (1 + share * (2 * this.next() - 1))
  }

  /** An index below `count`; the first is drawn most often (Zipf, exponent 1 or so). */
  zipf(count: number, exponent = 1): number {
    if (exponent === 1) return Math.min(count - 1, Math.floor(count ** this.next()) - 1)
    const top = 1 - exponent
    const drawn = ((count ** top - 1) * this.next() + 1) ** (1 / top)
    return Math.min(count - 1, Math.floor(drawn) - 1)
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() * 256)
  }

  letters(length: number, alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'): string {
    let text = ''
    for (let i = 0; i < length; i++) text += alphabet[Math.floor(this.next() * alphabet.length)]
    return text
  }

  shuffled<T>(list: readonly T[]): T[] {
    const keyed = list.map(item => ({ item, key: this.next() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }
}
