import { WordMap } from '../enrich/word-map.ts'

/** What a table keeps, by when it was last of use: µs of event time. */
export interface Kept {
  last: number
}

export interface BoundedOptions<V> {
  /** Most entries. */
  readonly limit: number
  /**
   * µs of silence after which an entry is let go. `crowded` when the table is full: what has hardly
   * begun may then be given less time.
   */
  idle(entry: V, crowded: boolean): number
}

/** Entries that are looked at when there is no room, and how often at most (µs); at least in a second. */
const glance = 64
const glanceEvery = 10e3
/** µs in which a table is looked at once, whatever its size, and µs between two looks. */
const round = 60e6
const lookEvery = 1e6
/** Entries below which a look is not worth its trouble: then there is one a round for all. */
const fewEntries = 256

const word = 2 ** 32

/**
 * A table that a flood of keys cannot grow, nor use to push out what is live: when it is full, a new
 * key is refused and counted. Entries go after a silence of theirs. Event time only. Keys are whole
 * numbers below 2^53, or 32 bits with a sign.
 */
export class Bounded<V extends Kept> {
  readonly #entries = new WordMap<V>()
  readonly #options: BoundedOptions<V>
  /** The place that is looked at next. */
  #walk = 0
  #refused = 0
  #expired = 0
  #glanced = Number.NEGATIVE_INFINITY
  #looked = Number.NEGATIVE_INFINITY

  constructor(options: BoundedOptions<V>) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** New keys for which there was no room. */
  get refused(): number {
    return this.#refused
  }

  /** Entries that were let go. */
  get expired(): number {
    return this.#expired
  }

  [Symbol.iterator](): IterableIterator<V> {
    return this.#entries.values()
  }

  /** The entry, unless it has been silent for too long by `time` (µs). */
  get(key: number, time: number): V | undefined {
    const entry = this.#entries.get(key, key / word)
    if (entry === undefined || time - entry.last <= this.#options.idle(entry, false)) return entry
    this.delete(key)
    this.#expired++
    return undefined
  }

  /** As `get`, and the entry lives on from `time`. */
  touch(key: number, time: number): V | undefined {
    const entry = this.get(key, time)
    if (entry !== undefined && time > entry.last) entry.last = time
    return entry
  }

  /** False when there is no room for the new key. */
  add(key: number, entry: V, time: number): boolean {
    const isNew = this.#entries.get(key, key / word) === undefined
    if (isNew && !this.admits(time)) return false
    this.#entries.set(key, key / word, entry)
    return true
  }

  /** Whether there is room for a new key, counted when not: ask before an entry is made for it. */
  admits(time: number): boolean {
    if (this.#entries.size < this.#options.limit) return true
    this.#glance(time)
    if (this.#entries.size < this.#options.limit) return true
    this.#refused++
    return false
  }

  delete(key: number): void {
    this.#entries.delete(key, key / word)
  }

  /** Lets go of what is silent, a part of the table at each call: call it once a second. */
  advance(time: number): void {
    const { size, places } = this.#entries
    const crowded = size >= this.#options.limit
    const pause = size > fewEntries || crowded ? lookEvery : round
    if (size === 0 || (time - this.#looked < pause && time >= this.#looked)) return
    // After a silence more is due, but never more than all.
    const due = Math.min(1, Math.max(pause, time - this.#looked) / round)
    this.#looked = time
    this.#look(Math.max(crowded ? glance : 1, Math.ceil(places * due)), time, crowded)
  }

  /** A flood of keys must not have the table searched for each of them. */
  #glance(time: number): void {
    if (time - this.#glanced < glanceEvery && time >= this.#glanced) return
    this.#glanced = time
    this.#look(glance, time, true)
  }

  #look(count: number, time: number, crowded: boolean): void {
    const entries = this.#entries
    for (let left = Math.min(count, entries.places); left > 0; left--) {
      if (this.#walk >= entries.places) this.#walk = 0
      const place = this.#walk++
      const entry = entries.valueAt(place)
      if (entry === undefined || time - entry.last <= this.#options.idle(entry, crowded)) continue
      entries.deleteAt(place)
      this.#expired++
    }
  }
}

/** Of keys about which nothing is kept but when they were last seen: `key` was, at `time` (µs). */
export function remember(table: Bounded<Kept>, key: number, time: number): void {
  if (table.touch(key, time) === undefined) table.add(key, { last: time }, time)
}
