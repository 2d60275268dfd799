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
  /** Three numbers a slot: its place in the order plus one (0: free), and its key. */
  #slots = new Int32Array(2 * smallest * width)
  /** By slot as well, so that key and value are fetched at once. */
  #values = emptyOf<T>(2 * smallest)
  #mask = 2 * smallest - 1
  /** The slots in the order in which they were taken, -1 for what was taken out. */
  #order = new Int32Array(smallest)
  #places = 0

  get(one: number, two: number): T | undefined {
    return this.#values[this.#find(one | 0, two | 0)]
  }

  set(one: number, two: number, value: T): void {
    const slot = this.#find(one | 0, two | 0)
    if (this.#slots[slot * width] !== 0) this.#values[slot] = value
    else this.#add(one | 0, two | 0, value)
  }

  /** What was there. */
  delete(one: number, two: number): T | undefined {
    return this.#take(this.#find(one | 0, two | 0))
  }

  /** Takes everything out, and keeps the room. */
  clear(): void {
    this.size = 0
    this.#places = 0
    this.#slots.fill(0)
    this.#values.fill(undefined)
  }

  /** Goes on with what comes meanwhile; what is moved together meanwhile may be left out. */
  *values(): IterableIterator<T> {
    for (let place = 0; place < this.#places; place++) {
      const value = this.valueAt(place)
      if (value !== undefined) yield value
    }
  }

  /** Places in the order, those among them from which one was taken out. */
  get places(): number {
    return this.#places
  }

  /** The value of a place, which another may have after a `set`. */
  valueAt(place: number): T | undefined {
    const slot = this.#order[place] ?? -1
    return slot < 0 ? undefined : this.#values[slot]
  }

  deleteAt(place: number): void {
    const slot = this.#order[place] ?? -1
    if (slot >= 0) this.#take(slot)
  }

  /** The slot of a key, or the free one where it would be. */
  #find(one: number, two: number): number {
    const slots = this.#slots
    for (let slot = hashOf(one, two) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * width
      if (slots[at] === 0 || (slots[at + 1] === one && slots[at + 2] === two)) return slot
    }
  }

  #add(one: number, two: number, value: T): void {
    if (this.#places >= this.#order.length) this.#makeRoom()
    const slot = this.#find(one, two)
    const at = slot * width
    this.#order[this.#places++] = slot
    this.#slots[at] = this.#places
    this.#slots[at + 1] = one
    this.#slots[at + 2] = two
    this.#values[slot] = value
    this.size++
  }

  #take(slot: number): T | undefined {
    const place = (this.#slots[slot * width] ?? 0) - 1
    if (place < 0) return undefined
    const value = this.#values[slot]
    this.#order[place] = -1
    this.#close(slot)
    this.size--
    return value
  }

  /** Moves what is left together, and makes twice the room where half of it is taken. */
  #makeRoom(): void {
    const [order, slots, values] = [this.#order, this.#slots, this.#values]
    const grown = this.size * 2 > order.length ? order.length * 2 : order.length
    let count = this.#mask + 1
    while (grown > count * fullness) count *= 2
    this.#order = new Int32Array(grown)
    this.#slots = new Int32Array(count * width)
    this.#values = emptyOf<T>(count)
    this.#mask = count - 1
    this.size = 0
    this.#places = 0
    for (const slot of order) {
      const value = slot < 0 ? undefined : values[slot]
      const at = slot * width
      if (value !== undefined) this.#add(slots[at + 1] ?? 0, slots[at + 2] ?? 0, value)
    }
  }

  /** Frees a slot, and closes the gap behind it: every other entry is still found from its home. */
  #close(slot: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let gap = slot
    for (let next = (gap + 1) & mask; slots[next * width] !== 0; next = (next + 1) & mask) {
      const at = next * width
      const home = hashOf(slots[at + 1] ?? 0, slots[at + 2] ?? 0) & mask
      if (((next - home) & mask) < ((next - gap) & mask)) continue
      this.#order[(slots[at] ?? 0) - 1] = gap
      this.#values[gap] = this.#values[next]
      slots.copyWithin(gap * width, at, at + width)
      gap = next
    }
    slots[gap * width] = 0
    this.#values[gap] = undefined
  }
}

function emptyOf<T>(slots: number): (T | undefined)[] {
  return new Array<T | undefined>(slots).fill(undefined)
}

function hashOf(one: number, two: number): number {
  return mixPair(one ^ seed, two)
}
