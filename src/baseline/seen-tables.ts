import { mixPair } from '../decode/mix.ts'
import { larger, recordBits, recordMask, Table } from './table.ts'

const day = 86_400_000_000

/** Who was seen; keys are the halves of the hash of its text. It counts the values of each. */
export class EntityTable extends Table {
  /** The chain of its pairs. */
  ends = new Uint32Array(2 * this.capacity)
  /** Entities in the order of their last sightings, where that matters. */
  links = new Uint32Array(2 * this.capacity)

  // 64-bit number 4 of a row: observed time when it was first seen; 5: on how many days, last one.
  constructor() {
    super(6)
  }

  /** A new entity, for which nothing of the one before on that place holds. */
  begin(high: number, low: number, time: number, since: number): number {
    const entity = this.add(high, low, time)
    this.ends.fill(0, 2 * entity, 2 * entity + 2)
    this.watch(entity, since, 0, neverDay)
    return entity
  }

  see(entity: number, time: number): void {
    this.touch(entity, time)
    const today = Math.floor(time / day)
    const lastDay = this.words[12 * entity + 11] ?? 0
    if (today <= lastDay) return
    this.watch(entity, this.since(entity), this.days(entity) + 1, today)
  }

  /** Sets observed time (µs) when it was first seen, on how many days it was, and on which last. */
  watch(entity: number, since: number, days: number, lastDay: number): void {
    this.numbers[6 * entity + 4] = since
    this.words[12 * entity + 10] = days
    this.words[12 * entity + 11] = lastDay
  }

  days(entity: number): number {
    return this.words[12 * entity + 10] ?? 0
  }

  since(entity: number): number {
    return this.numbers[6 * entity + 4] ?? 0
  }

  protected override grow(capacity: number): void {
    super.grow(capacity)
    this.ends = larger(this.ends, new Uint32Array(2 * capacity))
    this.links = larger(this.links, new Uint32Array(2 * capacity))
  }
}

const neverDay = -0x80000000

/**
 * Who was seen with what; keys are the records of both. Instead of a count it has a check. A pair is
 * found by its entity and the hash of its value: of a known one, the value itself need not be found.
 */
export class PairTable extends Table {
  /** Pairs of an entity in the order of their last sightings, where that matters. */
  links = new Uint32Array(2 * this.capacity)
  readonly #values: Table

  constructor(values: Table) {
    super()
    this.#values = values
  }

  /** The pair of an entity with the value of that hash; -1 when there is none. */
  findHashed(entity: number, high: number, low: number): number {
    const { slots, words } = this
    const step = 2 * this.width
    const mask = slots.length - 1
    const hash = mixPair(entity ^ low, high)
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = slots[at] ?? 0
      if (slot === 0) return -1
      if ((slot ^ hash) >>> recordBits !== 0) continue
      const record = (slot & recordMask) - 1
      if (words[step * record] !== entity) continue
      if (this.#values.hasKey(words[step * record + 1] ?? 0, high, low)) return record
    }
  }

  protected override hashOf(record: number): number {
    const value = this.two(record)
    return mixPair(this.one(record) ^ this.#values.two(value), this.#values.one(value))
  }

  protected override grow(capacity: number): void {
    super.grow(capacity)
    this.links = larger(this.links, new Uint32Array(2 * capacity))
  }
}
