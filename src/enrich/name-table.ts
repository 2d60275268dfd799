import { hashWords, standsAt } from './key-words.ts'

/** Slots of a set; a key may lie in any of them. A power of two. */
const ways = 8

/** Words of the three numbers that stand in each row behind the key and the kind. */
const timeWords = 6
/** The numbers: from when and until when the name is good, and when it was used last. */
const [since, until, used] = [0, 1, 2]

/** What the slots hold, made when the first name comes: most sensors never fill it. */
interface Columns {
  /** Hash of the key, so that others are told apart at a glance; 0 for a free slot. */
  readonly tags: Int32Array
  /** A row for each slot: what is asked of one lies together. */
  readonly words: Int32Array
  /** The same memory. */
  readonly numbers: Float64Array
  readonly names: (string | undefined)[]
}

/**
 * Names by a key of a few words, in memory that never grows: sets of eight slots, of which the one
 * that expired, else the one that was used longest ago, makes room for another name. Fill `key`,
 * then ask; nothing is allocated by asking. Slots are valid until the next `claim`.
 */
export class NameTable {
  /** The key that `find` and `claim` mean. */
  readonly key: Int32Array
  /** Counts whatever changes what `find` gives, or what is said of it. */
  changes = 0
  readonly #sets: number
  /** Words of a row, and where in it the kind stands and the numbers begin. */
  readonly #row: number
  readonly #kind: number
  readonly #times: number
  #columns: Columns | undefined
  #tick = 0
  #size = 0
  #evicted = 0

  /** Keys of `width` words, room for at least `limit` names. */
  constructor(width: number, limit: number) {
    this.key = new Int32Array(width)
    this.#sets = 2 ** Math.ceil(Math.log2(Math.max(1, limit / ways)))
    this.#kind = width
    this.#times = Math.ceil((width + 1) / 2) * 2
    this.#row = this.#times + timeWords
  }

  get size(): number {
    return this.#size
  }

  /** Names that were still valid when they had to go. */
  get evicted(): number {
    return this.#evicted
  }

  /** The slot of `key`, -1 when it has none; it counts as used. */
  find(): number {
    const columns = this.#columns
    if (columns === undefined) return -1
    const slot = this.#search(columns, this.#hash())
    if (slot >= 0) columns.numbers[this.#number(slot, used)] = ++this.#tick
    return slot
  }

  /** A name for `key` from `start` to `end`, µs of event time; `kind` is not 0. */
  put(name: string, kind: number, start: number, end: number): void {
    this.#columns ??= makeColumns(this.#sets * ways, this.#row)
    const columns = this.#columns
    const hash = this.#hash()
    const known = this.#search(columns, hash)
    const slot = known < 0 ? this.#vacate(columns, this.#setOf(hash), start) : known
    this.changes++
    columns.tags[slot] = hash
    columns.names[slot] = name
    columns.words.set(this.key, slot * this.#row)
    columns.words[slot * this.#row + this.#kind] = kind
    columns.numbers[this.#number(slot, since)] = start
    columns.numbers[this.#number(slot, until)] = end
    columns.numbers[this.#number(slot, used)] = ++this.#tick
  }

  remove(slot: number): void {
    const columns = this.#columns
    if (columns === undefined || columns.tags[slot] === 0) return
    this.changes++
    columns.tags[slot] = 0
    columns.names[slot] = undefined
    this.#size--
  }

  name(slot: number): string {
    return this.#columns?.names[slot] ?? ''
  }

  kind(slot: number): number {
    return this.#columns?.words[slot * this.#row + this.#kind] ?? 0
  }

  since(slot: number): number {
    return this.#columns?.numbers[this.#number(slot, since)] ?? 0
  }

  until(slot: number): number {
    return this.#columns?.numbers[this.#number(slot, until)] ?? 0
  }

  #hash(): number {
    return hashWords(this.key) || 1
  }

  /** The first slot of the set. */
  #setOf(hash: number): number {
    return (hash & (this.#sets - 1)) * ways
  }

  /** Where a number of a slot stands. */
  #number(slot: number, which: number): number {
    return (slot * this.#row + this.#times) / 2 + which
  }

  #search({ words, tags }: Columns, hash: number): number {
    const set = this.#setOf(hash)
    for (let slot = set; slot < set + ways; slot++) {
      if (tags[slot] === hash && standsAt(words, slot * this.#row, this.key)) return slot
    }
    return -1
  }

  /** A slot that is free, or has expired by `time`, or was not used for longest. */
  #vacate({ tags, numbers }: Columns, set: number, time: number): number {
    let oldest = set
    for (let slot = set; slot < set + ways; slot++) {
      if (tags[slot] === 0) {
        this.#size++
        return slot
      }
      if (this.until(slot) < time) return slot
      const last = numbers[this.#number(slot, used)] ?? 0
      if (last < (numbers[this.#number(oldest, used)] ?? 0)) oldest = slot
    }
    this.#evicted++
    return oldest
  }
}

function makeColumns(slots: number, row: number): Columns {
  const words = new Int32Array(slots * row)
  return {
    tags: new Int32Array(slots),
    words,
    numbers: new Float64Array(words.buffer),
    names: new Array<string | undefined>(slots).fill(undefined),
  }
}
