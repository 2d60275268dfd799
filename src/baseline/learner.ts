import { type Budget } from './budget.ts'
import { type Halves } from './hash-name.ts'
import { type KeyedHash } from './keyed-hash.ts'
import { type LatestHash } from './latest-hash.ts'
import { type ObservedTime } from './observed-time.ts'
import { type SeenSet } from './seen-set.ts'
import { type BaselineLimits } from './store.ts'
import { mostRecords } from './table.ts'

/** What all baselines of a store have in common while they learn. */
export interface Learning {
  readonly hash: KeyedHash
  readonly entityHash: LatestHash
  readonly valueHash: LatestHash
  readonly time: ObservedTime
  /** Pairs of all baselines together. */
  readonly budget: Budget
}

/** Finds texts in a set, and adds them within limits. Records are -1 where there is none. */
export class Learner {
  limits: BaselineLimits
  readonly #set: SeenSet
  readonly #shared: Learning
  #entityHigh = 0
  #entityLow = 0
  #valueHigh = 0
  #valueLow = 0

  constructor(set: SeenSet, limits: BaselineLimits, shared: Learning) {
    this.#set = set
    this.limits = limits
    this.#shared = shared
  }

  /** By its text; or by the hash where there is no text. */
  findEntity(entity: string, halves?: Halves): number {
    const { entityHash } = this.#shared
    if (halves === undefined) entityHash.of(entity)
    const { high, low } = halves ?? entityHash
    this.#entityHigh = high
    this.#entityLow = low
    return this.#set.entities.find(this.#entityHigh, this.#entityLow)
  }

  /** The entity's pair with the value. */
  findPair(entity: number, value: string, halves?: Halves): number {
    const { valueHash } = this.#shared
    if (halves === undefined) valueHash.of(value)
    const { high, low } = halves ?? valueHash
    this.#valueHigh = high
    this.#valueLow = low
    return this.#set.pairs.findHashed(entity, high, low)
  }

  /** The value that `findPair` looked for last. */
  findValue(): number {
    return this.#set.values.find(this.#valueHigh, this.#valueLow)
  }

  /** The entity that `findEntity` looked for last is seen; -1 when there is no room for a new one. */
  seeEntity(entity: string, known: number, time: number): number {
    const set = this.#set
    if (known < 0) return this.#newEntity(entity, time)
    set.entities.see(known, time)
    if (this.limits.overflow === 'evict-oldest') set.renewEntity(known)
    return known
  }

  /** The value that `findPair` looked for last is seen; false when there is no room for a new one. */
  seeValue(entity: number, value: string, known: number, pair: number, time: number): boolean {
    const set = this.#set
    if (known >= 0 && set.values.isUsed(known)) set.values.touch(known, time)
    if (pair < 0) return this.#newPair(entity, value, known, time)
    set.pairs.touch(pair, time)
    if (this.limits.overflow === 'evict-oldest') set.renewPair(entity, pair)
    return true
  }

  dropPair(pair: number): void {
    this.#set.dropPair(pair)
    this.#shared.budget.pairs--
  }

  /** Returns how many pairs went with it. */
  dropEntity(entity: number): number {
    const count = this.#set.dropEntity(entity)
    this.#shared.budget.pairs -= count
    return count
  }

  /** A pair as it was elsewhere, beyond the rule's limits; -1 when all room of the store is taken. */
  restorePair(entity: number, value: string, known: number, time: number): number {
    return this.#shared.budget.isFull ? -1 : this.#addPair(entity, value, known, time)
  }

  #newEntity(entity: string, time: number): number {
    const set = this.#set
    const { entities, overflow } = this.limits
    if (set.entities.size >= Math.min(entities, mostRecords)) {
      const oldest = set.oldestEntity()
      if (overflow === 'freeze' || oldest < 0) return -1
      this.dropEntity(oldest)
    }
    const { observed } = this.#shared.time
    return set.addEntity(this.#entityHigh, this.#entityLow, time, observed, entity)
  }

  #newPair(entity: number, value: string, known: number, time: number): boolean {
    const set = this.#set
    const { valuesPerEntity, overflow } = this.limits
    const isOver = set.entities.count(entity) >= valuesPerEntity
    if (isOver || this.#shared.budget.isFull) {
      const oldest = set.oldestPair(entity)
      if (overflow === 'freeze' || oldest < 0) return false
      this.dropPair(oldest)
    }
    // Whoever was evicted may have been the last that had this value.
    const still = known >= 0 && set.values.isUsed(known) ? known : -1
    this.#addPair(entity, value, still, time)
    return true
  }

  #addPair(entity: number, value: string, known: number, time: number): number {
    const set = this.#set
    const record = known >= 0 ? known : set.addValue(this.#valueHigh, this.#valueLow, time, value)
    this.#shared.budget.pairs++
    return set.addPair(entity, record, time)
  }
}
