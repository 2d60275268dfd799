import { randomInt } from 'node:crypto'
import { mixPair } from '../decode/mix.ts'

const smallest = 64
/** Whoever makes up MACs and addresses cannot know where they come to lie; the order does not depend on it. */
const seed = randomInt(2 ** 32) | 0
/** Of the slots that may be taken before there are twice as many. */
const fullness = 0.6
/** Numbers of a slot. */
const width = 3

/**
 * A map from two 32-bit numbers, by open addressing: a Map takes one number that is no small one, makes
 * an object of it and hashes that. Values come in the order in which they were first set.
 */
export class WordMap<T> {
  size = 0
  #keys = new Int32Array(2 * smallest)
  /** Undefined where one was taken out. */
  #values: (T | undefined)[] = []
  /** Three numbers a slot: the place of an entry plus one (0: free), and its key, so that it is at hand. */
  #slots = new Int32Array(2 * smallest * width)
  #mask = 2 * smallest - 1

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

  /** Places of values, those among them from which one was taken out. */
  get places(): number {
    return this.#values.length
  }

  /** The value of a place, which another may have after a `set`. */
  valueAt(place: number): T | undefined {
    return this.#values[place]
  }

  deleteAt(place: number): void {
    this.delete(this.#keys[2 * place] ?? 0, this.#keys[2 * place + 1] ?? 0)
  }

  /** Where the slot of a key begins, or the free one where it would be. */
  #find(one: number, two: number): number {
    const slots = this.#slots
    for (let at = hashOf(one, two) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = at * width
      if (slots[slot] === 0 || (slots[slot + 1] === one && slots[slot + 2] === two)) return slot
    }
  }

  #add(one: number, two: number, value: T): void {
    if (this.#values.length * 2 >= this.#keys.length) this.#makeRoom()
    const place = this.#values.push(value) - 1
    this.#keys[2 * place] = one
    this.#keys[2 * place + 1] = two
    this.#occupy(place)
    this.size++
  }

  #occupy(place: number): void {
    const one = this.#keys[2 * place] ?? 0
    const two = this.#keys[2 * place + 1] ?? 0
    const slot = this.#find(one, two)
    this.#slots[slot] = place + 1
    this.#slots[slot + 1] = one
    this.#slots[slot + 2] = two
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
    let slots = this.#mask + 1
    while (grown > slots * fullness) slots *= 2
    this.#slots = new Int32Array(slots * width)
    this.#mask = slots - 1
    for (let place = 0; place < values.length; place++) this.#occupy(place)
  }

  /** Frees a slot, and closes the gap behind it: every other entry is still found from its home. */
  #close(slot: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let gap = slot / width
    for (let at = (gap + 1) & mask; slots[at * width] !== 0; at = (at + 1) & mask) {
      const from = at * width
      const home = hashOf(slots[from + 1] ?? 0, slots[from + 2] ?? 0) & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      slots.copyWithin(gap * width, from, from + width)
      gap = at
    }
    slots[gap * width] = 0
  }
}

function hashOf(one: number, two: number): number {
  return mixPair(one ^ seed, two)
}
