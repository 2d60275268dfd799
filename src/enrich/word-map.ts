import { randomInt } from 'node:crypto'
import { mixPair } from '../decode/mix.ts'

const smallest = 64
/** Whoever makes up MACs and addresses cannot know where they come to lie; the order does not depend on it. */
const seed = randomInt(2 ** 32) | 0
/** Of the slots that may be taken before there are twice as many. */
const fullness = 0.6

/**
 * A map from two 32-bit numbers, by open addressing: a Map takes one number that is no small one, makes
 * an object of it and hashes that. Values come in the order in which they were first set.
 */
export class WordMap<T> {
  size = 0
  #keys = new Int32Array(2 * smallest)
  /** Undefined where one was taken out. */
  #values: (T | undefined)[] = []
  /** The place of an entry plus one; 0: free. */
  #slots = new Int32Array(2 * smallest)

  get(one: number, two: number): T | undefined {
    const slot = this.#find(one | 0, two | 0)
    return this.#values[(this.#slots[slot] ?? 0) - 1]
  }

  set(one: number, two: number, value: T): void {
    const slot = this.#find(one | 0, two | 0)
    const known = (this.#slots[slot] ?? 0) - 1
    if (known >= 0) this.#values[known] = value
    else this.#add(one | 0, two | 0, value)
  }

  /** What was there. */
  delete(one: number, two: number): T | undefined {
    const slot = this.#find(one | 0, two | 0)
    const place = (this.#slots[slot] ?? 0) - 1
    if (place < 0) return undefined
    const value = this.#values[place]
    this.#values[place] = undefined
    this.#close(slot)
    this.size--
    return value
  }

  /** Takes everything out, and keeps the room. */
  clear(): void {
    this.size = 0
    this.#values.length = 0
    this.#slots.fill(0)
  }

  /** Goes on with what comes meanwhile; what is moved together meanwhile may be left out. */
  *values(): IterableIterator<T> {
    for (let place = 0; place < this.#values.length; place++) {
      const value = this.#values[place]
      if (value !== undefined) yield value
    }
  }

  /** The slot of a key, or the free one where it would be. */
  #find(one: number, two: number): number {
    const slots = this.#slots
    const keys = this.#keys
    const mask = slots.length - 1
    for (let at = hashOf(one, two) & mask; ; at = (at + 1) & mask) {
      const place = (slots[at] ?? 0) - 1
      if (place < 0 || (keys[2 * place] === one && keys[2 * place + 1] === two)) return at
    }
  }

  #add(one: number, two: number, value: T): void {
    if (this.#values.length * 2 >= this.#keys.length) this.#makeRoom()
    const place = this.#values.push(value) - 1
    this.#keys[2 * place] = one
    this.#keys[2 * place + 1] = two
    this.#slots[this.#find(one, two)] = place + 1
    this.size++
  }

  /** Moves what is left together, and makes twice the room where half of it is taken. */
  #makeRoom(): void {
    const capacity = this.#values.length
    const grown = this.size * 2 > capacity ? capacity * 2 : capacity
    const keys = new Int32Array(2 * grown)
    const values: T[] = []
    for (let place = 0; place < capacity; place++) {
      const value = this.#values[place]
      if (value === undefined) continue
      const to = values.push(value) - 1
      keys[2 * to] = this.#keys[2 * place] ?? 0
      keys[2 * to + 1] = this.#keys[2 * place + 1] ?? 0
    }
    this.#keys = keys
    this.#values = values
    let slots = this.#slots.length
    while (grown > slots * fullness) slots *= 2
    this.#slots = new Int32Array(slots)
    for (let place = 0; place < values.length; place++) {
      this.#slots[this.#find(keys[2 * place] ?? 0, keys[2 * place + 1] ?? 0)] = place + 1
    }
  }

  /** Frees a slot, and closes the gap behind it: every other entry is still found from its home. */
  #close(slot: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let gap = slot
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const place = (slots[at] ?? 0) - 1
      if (place < 0) break
      const home = hashOf(this.#keys[2 * place] ?? 0, this.#keys[2 * place + 1] ?? 0) & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      slots[gap] = place + 1
      gap = at
    }
    slots[gap] = 0
  }
}

function hashOf(one: number, two: number): number {
  return mixPair(one ^ seed, two)
}
