import { hashWords, standsAt } from './key-words.ts'

/** Slots of a set; a key may lie in any of them. A power of two. */
const ways = 8

/** What the slots hold, made when the first name comes: most sensors never fill it. */
interface Columns {
  readonly keys: Int32Array
  /** Hash of the key, so that others are told apart at a glance. */
  readonly tags: Int32Array
  readonly names: (string | undefined)[]
  readonly kinds: Uint8Array
  readonly since: Float64Array
  readonly until: Float64Array
  readonly used: Float64Array
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
  #columns: Columns | undefined
  #tick = 0
  #size = 0
  #evicted = 0

  /** Keys of `width` words, room for at least `limit` names. */
  constructor(width: number, limit: number) {
    this.key = new Int32Array(width)
    this.#sets = 2 ** Math.ceil(Math.log2(Math.max(1, limit / ways)))
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
    const slot = this.#search(columns, hashWords(this.key))
    if (slot >= 0) columns.used[slot] = ++this.#tick
    return slot
  }

  /** A name for `key` from `since` to `until`, µs of event time; `kind` is not 0. */
  put(name: string, kind: number, since: number, until: number): void {
    this.#columns ??= makeColumns(this.#sets * ways, this.key.length)
    const columns = this.#columns
    const hash = hashWords(this.key)
    const known = this.#search(columns, hash)
    const slot = known < 0 ? this.#vacate(columns, this.#setOf(hash), since) : known
    this.changes++
    columns.tags[slot] = hash
    columns.keys.set(this.key, slot * this.key.length)
    columns.names[slot] = name
    columns.kinds[slot] = kind
    columns.since[slot] = since
    columns.until[slot] = until
    columns.used[slot] = ++this.#tick
  }

  remove(slot: number): void {
    const columns = this.#columns
    if (columns === undefined || columns.kinds[slot] === 0) return
    this.changes++
    columns.kinds[slot] = 0
    columns.names[slot] = undefined
    this.#size--
  }

  name(slot: number): string {
    return this.#columns?.names[slot] ?? ''
  }

  kind(slot: number): number {
    return this.#columns?.kinds[slot] ?? 0
  }

  since(slot: number): number {
    return this.#columns?.since[slot] ?? 0
  }

  until(slot: number): number {
    return this.#columns?.until[slot] ?? 0
  }

  /** The first slot of the set. */
  #setOf(hash: number): number {
    return (hash & (this.#sets - 1)) * ways
  }

  #search({ keys, kinds, tags }: Columns, hash: number): number {
    const set = this.#setOf(hash)
    for (let slot = set; slot < set + ways; slot++) {
      if (tags[slot] !== hash || kinds[slot] === 0) continue
      if (standsAt(keys, slot * this.key.length, this.key)) return slot
    }
    return -1
  }

  /** A slot that is free, or has expired by `time`, or was not used for longest. */
  #vacate({ kinds, until, used }: Columns, set: number, time: number): number {
    let oldest = set
    for (let slot = set; slot < set + ways; slot++) {
      if (kinds[slot] === 0) {
        this.#size++
        return slot
      }
      if ((until[slot] ?? 0) < time) return slot
      if ((used[slot] ?? 0) < (used[oldest] ?? 0)) oldest = slot
    }
    this.#evicted++
    return oldest
  }
}

function makeColumns(slots: number, width: number): Columns {
  return {
    keys: new Int32Array(slots * width),
    tags: new Int32Array(slots),
    names: new Array<string | undefined>(slots).fill(undefined),
    kinds: new Uint8Array(slots),
    since: new Float64Array(slots),
    until: new Float64Array(slots),
    used: new Float64Array(slots),
  }
}
