import { type EventClass } from './event-classes.ts'
import { type Mark, type Postings } from './postings.ts'

/** Which rules an event may match: a bitmap with a second one over its words, read in rule order. */
export class Candidates implements Mark {
  readonly #postings: Postings
  readonly #words: Int32Array
  readonly #touched: Int32Array
  /** Rules with a second gate, and the stamp of the event that last opened it. */
  readonly #guarded: Uint8Array
  readonly #opened: Float64Array
  #stamp = 0
  count = 0

  constructor(postings: Postings, rules: number, guarded: Uint8Array) {
    this.#postings = postings
    this.#words = new Int32Array((rules + 31) >>> 5)
    this.#touched = new Int32Array((this.#words.length + 31) >>> 5)
    this.#guarded = guarded
    this.#opened = new Float64Array(rules)
  }

  begin(stamp: number): void {
    this.#stamp = stamp
  }

  posting(number: number): void {
    this.count++
    const { starts, entries } = this.#postings
    const end = starts[number + 1] ?? 0
    for (let index = starts[number] ?? 0; index < end; index++) {
      const entry = entries[index] ?? 0
      if ((entry & 1) === 1) this.#opened[entry >>> 1] = this.#stamp
      else this.#mark(entry >>> 1)
    }
  }

  /**
   * Writes the candidates that events of that class may match to `list` in their order, forgets all,
   * and returns how many they are.
   */
  drain(list: Int32Array, { allowed, open }: EventClass): number {
    for (let index = 0; index < open.length; index++) this.#mark(open[index] ?? 0)
    let count = 0
    for (let block = 0; block < this.#touched.length; block++) {
      let words = this.#touched[block] ?? 0
      this.#touched[block] = 0
      while (words !== 0) {
        const lowest = words & -words
        words ^= lowest
        const word = block * 32 + 31 - Math.clz32(lowest)
        count = this.#drainWord(word, allowed[word] ?? 0, list, count)
      }
    }
    return count
  }

  #mark(rule: number): void {
    const word = rule >>> 5
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (rule & 31))
    this.#touched[word >>> 5] = (this.#touched[word >>> 5] ?? 0) | (1 << (word & 31))
  }

  #drainWord(word: number, allowed: number, list: Int32Array, from: number): number {
    let count = from
    let bits = (this.#words[word] ?? 0) & allowed
    this.#words[word] = 0
    while (bits !== 0) {
      const lowest = bits & -bits
      bits ^= lowest
      const rule = word * 32 + 31 - Math.clz32(lowest)
      if (this.#guarded[rule] === 0 || this.#opened[rule] === this.#stamp) list[count++] = rule
    }
    return count
  }
}
