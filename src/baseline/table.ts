type Numbers = Uint32Array | Int32Array | Float64Array

/** One column of records: `width` numbers for each. */
export interface Column {
  readonly numbers: Numbers
  readonly width: number
}

export const smallest = 64
/** Of the slots that may be taken before there are twice as many. */
const fullness = 0.7

/**
 * Records with a key of two 32-bit numbers, in columns of typed arrays: dense, found by open
 * addressing. A record is a number that stays the same for as long as the record is there; the
 * numbers of removed ones are given out again. A record without events is free.
 */
export class Table {
  /** Records in use. */
  size = 0
  /** Records that were ever in use: they are below. */
  top = 0
  keys = new Uint32Array(2 * smallest)
  /** First and last sighting, µs. */
  times = new Float64Array(2 * smallest)
  events = new Uint32Array(smallest)
  #slots = new Uint32Array(2 * smallest)
  #free: number[] = []

  protected get capacity(): number {
    return this.events.length
  }

  /** What is stored of the records. */
  get columns(): readonly Column[] {
    return [
      { numbers: this.keys, width: 2 },
      { numbers: this.events, width: 1 },
      { numbers: this.times, width: 2 },
    ]
  }

  /** The record with that key; -1 when there is none. */
  find(one: number, two: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = mix(one, two) & mask; ; at = (at + 1) & mask) {
      const record = (slots[at] ?? 0) - 1
      if (record < 0) return -1
      if (this.keys[2 * record] === one && this.keys[2 * record + 1] === two) return record
    }
  }

  /** A new record with that key, which must be new; first and last seen at `time`, no events yet. */
  add(one: number, two: number, time: number): number {
    const record = this.#free.pop() ?? this.top++
    if (record >= this.capacity) this.grow(this.capacity * 2)
    this.keys[2 * record] = one
    this.keys[2 * record + 1] = two
    this.times[2 * record] = time
    this.times[2 * record + 1] = time
    this.events[record] = 0
    this.size++
    if (this.size > this.#slots.length * fullness) this.#spread()
    this.#enter(record)
    return record
  }

  /** Takes the record out. */
  remove(record: number): void {
    this.#leave(record)
    this.events[record] = 0
    this.#free.push(record)
    this.size--
  }

  /** Once more at `time`; an earlier one than the last changes the count only. */
  touch(record: number, time: number): void {
    const events = this.events[record] ?? 0
    if (events < 0xffffffff) this.events[record] = events + 1
    if (time > this.last(record)) this.times[2 * record + 1] = time
  }

  first(record: number): number {
    return this.times[2 * record] ?? 0
  }

  last(record: number): number {
    return this.times[2 * record + 1] ?? 0
  }

  isUsed(record: number): boolean {
    return (this.events[record] ?? 0) > 0
  }

  /** Makes room for that many records, their columns to be filled in from outside. */
  reserve(top: number): void {
    let capacity = this.capacity
    while (capacity < top) capacity *= 2
    if (capacity > this.capacity) this.grow(capacity)
    this.top = Math.max(this.top, top)
  }

  /** Finds its records again after their columns were filled in. */
  rebuild(): void {
    this.size = 0
    this.#free = []
    for (let record = this.top - 1; record >= 0; record--) {
      if (this.isUsed(record)) this.size++
      else this.#free.push(record)
    }
    let slots = 2 * smallest
    while (this.size > slots * fullness) slots *= 2
    this.#slots = new Uint32Array(slots)
    for (let record = 0; record < this.top; record++) if (this.isUsed(record)) this.#enter(record)
  }

  protected grow(capacity: number): void {
    this.keys = larger(this.keys, new Uint32Array(2 * capacity))
    this.times = larger(this.times, new Float64Array(2 * capacity))
    this.events = larger(this.events, new Uint32Array(capacity))
  }

  #spread(): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const slot of before) if (slot > 0) this.#enter(slot - 1)
  }

  #enter(record: number): void {
    const mask = this.#slots.length - 1
    let at = this.#home(record, mask)
    while ((this.#slots[at] ?? 0) !== 0) at = (at + 1) & mask
    this.#slots[at] = record + 1
  }

  /** Closes the gap behind it, so that every other one is still found from its home. */
  #leave(record: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let gap = this.#home(record, mask)
    while (slots[gap] !== record + 1) gap = (gap + 1) & mask
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const other = (slots[at] ?? 0) - 1
      if (other < 0) break
      const home = this.#home(other, mask)
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      slots[gap] = other + 1
      gap = at
    }
    slots[gap] = 0
  }

  #home(record: number, mask: number): number {
    return mix(this.keys[2 * record] ?? 0, this.keys[2 * record + 1] ?? 0) & mask
  }
}

/** Copies what there is to the beginning of a longer array. */
export function larger<T extends Numbers>(from: T, to: T): T {
  to.set(from)
  return to
}

function mix(one: number, two: number): number {
  let word = Math.imul(one ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(two, 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d)
  return word ^ (word >>> 13)
}
