import { type Packet } from '../decode/packet.ts'
import { hashWords, standsAt } from '../enrich/key-words.ts'

/** Slots of a set; a key may lie in any of them. A power of two. */
const ways = 8
/** Words that say whose entry it is. */
const ownerWords = 4

export interface PairTableOptions {
  /** Words of a key; the first four are its owner's address. */
  readonly width: number
  /** Entries that it holds at most; made a power of two. */
  readonly limit: number
  /** µs of silence after which any entry gives way. */
  readonly keep: number
}

interface Columns {
  readonly keys: Int32Array
  /** Hash of the key, so that others are told apart at a glance. */
  readonly tags: Int32Array
  readonly weights: Uint32Array
  readonly times: Float64Array
}

/**
 * A bounded table of exact keys that a flood of new ones cannot empty. What was seen twice stays
 * until it is silent for `keep`; what was seen once gives way to newcomers, first of all those of the
 * same owner. Where neither is found the newcomer is refused and counted. Write `key`, then ask;
 * users keep columns of their own by slot. Memory: (4 width + 16) bytes an entry, made at the first.
 */
export class PairTable {
  readonly key: Int32Array
  readonly slots: number
  readonly #keep: number
  #columns: Columns | undefined
  #size = 0
  #refused = 0
  #evicted = 0

  constructor({ width, limit, keep }: PairTableOptions) {
    this.key = new Int32Array(width)
    this.slots = 2 ** Math.max(3, Math.floor(Math.log2(limit)))
    this.#keep = keep
  }

  get size(): number {
    return this.#size
  }

  /** Newcomers for which there was no room. */
  get refused(): number {
    return this.#refused
  }

  /** Entries seen once that gave way before their time. */
  get evicted(): number {
    return this.#evicted
  }

  /** The slot of `key`, -1 when it has none. */
  find(): number {
    const columns = this.#columns
    if (columns === undefined) return -1
    const hash = hashWords(this.key)
    const set = this.#setOf(hash)
    const { tags, weights, keys } = columns
    for (let slot = set; slot < set + ways; slot++) {
      if (tags[slot] !== hash || weights[slot] === 0) continue
      if (standsAt(keys, slot * this.key.length, this.key)) return slot
    }
    return -1
  }

  /** Once more at `time` (µs): now it counts as lived in. */
  touch(slot: number, time: number): void {
    const columns = this.#columns
    if (columns === undefined) return
    const weight = columns.weights[slot] ?? 0
    if (weight < 0xffffffff) columns.weights[slot] = weight + 1
    if (time > (columns.times[slot] ?? 0)) columns.times[slot] = time
  }

  /** A slot for `key`, which must have none, seen once at `time`; -1 when it is refused. */
  claim(time: number): number {
    this.#columns ??= this.#make()
    const columns = this.#columns
    const hash = hashWords(this.key)
    const slot = this.#vacate(columns, this.#setOf(hash), time)
    if (slot < 0) {
      this.#refused++
      return -1
    }
    columns.keys.set(this.key, slot * this.key.length)
    columns.tags[slot] = hash
    columns.weights[slot] = 1
    columns.times[slot] = time
    return slot
  }

  remove(slot: number): void {
    const columns = this.#columns
    if (columns === undefined || columns.weights[slot] === 0) return
    columns.weights[slot] = 0
    this.#size--
  }

  /** How often the entry was seen, 0 for a free slot. */
  weight(slot: number): number {
    return this.#columns?.weights[slot] ?? 0
  }

  /** When it was last seen, µs. */
  last(slot: number): number {
    return this.#columns?.times[slot] ?? 0
  }

  word(slot: number, index: number): number {
    return this.#columns?.keys[slot * this.key.length + index] ?? 0
  }

  #make(): Columns {
    const { slots } = this
    return {
      keys: new Int32Array(slots * this.key.length),
      tags: new Int32Array(slots),
      weights: new Uint32Array(slots),
      times: new Float64Array(slots),
    }
  }

  /** The first slot of the set. */
  #setOf(hash: number): number {
    return (hash & (this.slots / ways - 1)) * ways
  }

  #vacate(columns: Columns, set: number, time: number): number {
    const free = this.#free(columns, set, time)
    if (free >= 0) {
      if (columns.weights[free] === 0) this.#size++
      return free
    }
    const single = this.#single(columns, set)
    if (single >= 0) this.#evicted++
    return single
  }

  /** A slot that is empty or has been silent for too long. */
  #free({ weights, times }: Columns, set: number, time: number): number {
    let silent = -1
    for (let slot = set; slot < set + ways; slot++) {
      if (weights[slot] === 0) return slot
      if (time - (times[slot] ?? 0) > this.#keep) silent = slot
    }
    return silent
  }

  /** What was seen once: the owner's own, else the oldest. */
  #single({ keys, weights, times }: Columns, set: number): number {
    let oldest = -1
    for (let slot = set; slot < set + ways; slot++) {
      if ((weights[slot] ?? 0) > 1) continue
      if (standsAt(keys, slot * this.key.length, this.key, ownerWords)) return slot
      if (oldest < 0 || (times[slot] ?? 0) < (times[oldest] ?? 0)) oldest = slot
    }
    return oldest
  }
}

/** Writes the source's address into the first four words of a key. */
export function writeSource(key: Int32Array, packet: Packet): void {
  key[0] = packet.source0
  key[1] = packet.source1
  key[2] = packet.source2
  key[3] = packet.source3
}

/** Writes the destination's address into four words of a key. */
export function writeDestination(key: Int32Array, at: number, packet: Packet): void {
  key[at] = packet.destination0
  key[at + 1] = packet.destination1
  key[at + 2] = packet.destination2
  key[at + 3] = packet.destination3
}

/** Writes 64 bits that stand for a text (MurmurHash3's mixing, two seeds) into two words of a key. */
export function writeText(key: Int32Array, at: number, text: string): void {
  let one = 0x2f0b4c47
  let other = 0x71d6a3e5
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    one = Math.imul(one ^ code, 0x85ebca6b)
    other = Math.imul(other ^ code, 0xc2b2ae35)
    one ^= one >>> 13
    other ^= other >>> 16
  }
  key[at] = one
  key[at + 1] = other ^ text.length
}
