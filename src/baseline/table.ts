import { mixPair } from '../decode/mix.ts'

const smallest = 64
/** Room beyond what is stored at a start. */
const spare = 1.05
/** Of the slots that may be taken before there are twice as many. */
const fullness = 0.7
/** A slot is the number of a record plus one and, above it, some of the bits of its hash. */
export const recordBits = 26
export const recordMask = 2 ** recordBits - 1
/** More records are not told apart. */
export const mostRecords = recordMask

/*
 * A row, in 32-bit numbers: 0 and 1 its key (signed), 2 how many events, 3 what the table counts for
 * it; in 64-bit numbers: 2 and 3 its first and last sighting. What tables add comes behind.
 */

/**
 * Rows with a key of two 32-bit numbers, dense in one buffer, found by open addressing. A record is
 * the number of a row and stays the same for as long as it is there; the numbers of removed ones are
 * given out again. A record without events is free.
 */
export class Table {
  /** Records in use. */
  size = 0
  /** Records that were ever in use: they are below. */
  top = 0
  /** 64-bit numbers of a row. */
  readonly width: number
  protected words: Int32Array
  protected numbers: Float64Array
  protected slots = new Uint32Array(2 * smallest)
  #free: number[] = []

  constructor(width = 4) {
    this.width = width
    this.numbers = new Float64Array(width * smallest)
    this.words = new Int32Array(this.numbers.buffer)
  }

  get rowBytes(): number {
    return 8 * this.width
  }

  /** The rows of some records, not copied. */
  rows(start: number, end: number): Uint8Array {
    return new Uint8Array(this.numbers.buffer, start * this.rowBytes, (end - start) * this.rowBytes)
  }

  /** The record with that key; -1 when there is none. */
  find(one: number, two: number): number {
    const { slots, words } = this
    const step = 2 * this.width
    const mask = slots.length - 1
    const hash = mixPair(one, two)
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = slots[at] ?? 0
      if (slot === 0) return -1
      // Another one's row, seldom near, is looked at once in 64 times only.
      if ((slot ^ hash) >>> recordBits !== 0) continue
      const record = (slot & recordMask) - 1
      if (words[step * record] === one && words[step * record + 1] === two) return record
    }
  }

  /** Whether the record has that key. */
  hasKey(record: number, one: number, two: number): boolean {
    const row = 2 * this.width * record
    return this.words[row] === one && this.words[row + 1] === two
  }

  /** A new record with that key, which must be new; first and last seen at `time`, no events yet. */
  add(one: number, two: number, time: number): number {
    const record = this.#free.pop() ?? this.top++
    if (record >= this.capacity) this.grow(this.capacity * 2)
    const row = this.width * record
    this.numbers.fill(0, row, row + this.width)
    this.words[2 * row] = one
    this.words[2 * row + 1] = two
    this.numbers[row + 2] = time
    this.numbers[row + 3] = time
    this.size++
    if (this.size > this.slots.length * fullness) this.#index(2 * this.slots.length)
    this.#enter(record)
    return record
  }

  /** Takes the record out. */
  remove(record: number): void {
    this.#leave(record)
    this.clear(record)
    this.#free.push(record)
    this.size--
  }

  /** Once more at `time`; an earlier one than the last changes the count only. */
  touch(record: number, time: number): void {
    const row = this.width * record
    const events = (this.words[2 * row + 2] ?? 0) >>> 0
    if (events < 0xffffffff) this.words[2 * row + 2] = events + 1
    if (time > (this.numbers[row + 3] ?? 0)) this.numbers[row + 3] = time
  }

  /** The earliest first and the latest last sighting, the greater count. */
  merge(record: number, firstSeen: number, lastSeen: number, events: number): void {
    const row = this.width * record
    this.numbers[row + 2] = Math.min(firstSeen, this.first(record))
    this.numbers[row + 3] = Math.max(lastSeen, this.last(record))
    this.words[2 * row + 2] = Math.min(0xffffffff, Math.max(events, this.events(record)))
  }

  first(record: number): number {
    return this.numbers[this.width * record + 2] ?? 0
  }

  last(record: number): number {
    return this.numbers[this.width * record + 3] ?? 0
  }

  events(record: number): number {
    return (this.words[2 * this.width * record + 2] ?? 0) >>> 0
  }

  isUsed(record: number): boolean {
    return this.events(record) > 0
  }

  /** First and second half of the key, signed. */
  one(record: number): number {
    return this.words[2 * this.width * record] ?? 0
  }

  two(record: number): number {
    return this.words[2 * this.width * record + 1] ?? 0
  }

  /** What the table counts for the record. */
  count(record: number): number {
    return (this.words[2 * this.width * record + 3] ?? 0) >>> 0
  }

  setCount(record: number, count: number): void {
    this.words[2 * this.width * record + 3] = count
  }

  /** Makes room for that many records, their rows to be filled in from outside. */
  reserve(top: number): void {
    if (top > this.capacity) this.grow(Math.max(top, this.capacity * 2))
    this.top = Math.max(this.top, top)
  }

  /** Makes room for that many records in all. */
  expect(top: number): void {
    if (top > this.capacity) this.grow(Math.ceil(top * spare))
  }

  /** Makes a record free that cannot be found yet. */
  clear(record: number): void {
    this.words[2 * this.width * record + 2] = 0
  }

  /** Finds its records again after their rows were filled in. */
  rebuild(): void {
    this.size = 0
    this.#free = []
    for (let record = this.top - 1; record >= 0; record--) {
      if (this.isUsed(record)) this.size++
      else this.#free.push(record)
    }
    let slots = 2 * smallest
    while (this.size > slots * fullness) slots *= 2
    this.#index(slots)
  }

  protected get capacity(): number {
    return this.numbers.length / this.width
  }

  protected grow(capacity: number): void {
    this.numbers = larger(this.numbers, new Float64Array(this.width * capacity))
    this.words = new Int32Array(this.numbers.buffer)
  }

  /** What a used record is found by: where its way through the slots begins, and its bits there. */
  protected hashOf(record: number): number {
    return mixPair(this.one(record), this.two(record))
  }

  /** Finds its records by so many slots: in the order of their rows, which lie together. */
  #index(slots: number): void {
    this.slots = new Uint32Array(slots)
    for (let record = 0; record < this.top; record++) if (this.isUsed(record)) this.#enter(record)
  }

  #enter(record: number): void {
    const { slots } = this
    const mask = slots.length - 1
    const hash = this.hashOf(record)
    let at = hash & mask
    while ((slots[at] ?? 0) !== 0) at = (at + 1) & mask
    slots[at] = (hash & ~recordMask) | (record + 1)
  }

  /** Closes the gap behind it, so that every other one is still found from its home. */
  #leave(record: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let gap = this.hashOf(record) & mask
    while (((slots[gap] ?? 0) & recordMask) !== record + 1) gap = (gap + 1) & mask
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const other = slots[at] ?? 0
      if (other === 0) break
      const home = this.hashOf((other & recordMask) - 1) & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      slots[gap] = other
      gap = at
    }
    slots[gap] = 0
  }
}

/** Copies what there is to the beginning of a longer array. */
export function larger<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
