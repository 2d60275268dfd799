import { randomInt } from 'node:crypto'
import { type FlowTuple } from './community-id.ts'
import { mix } from './mix.ts'

const smallest = 64
/** Whoever chooses ports and addresses cannot know which of them fall together. */
const seed = randomInt(2 ** 32) | 0

/** What tells conversations apart; the same for both sides, as the source is who opened it. */
export interface Ends extends FlowTuple {
  readonly vlan: number
}

/** What a `Conversations` table holds: the ends of a conversation, and links that are the table's own. */
export class OfConversation {
  readonly hash: number
  readonly source0: number
  readonly source1: number
  readonly source2: number
  readonly source3: number
  readonly destination0: number
  readonly destination1: number
  readonly destination2: number
  readonly destination3: number
  readonly ports: number
  readonly rest: number
  /** Tells entries of one conversation apart. */
  readonly part: number
  /** In the same bucket, and in the order of the table. */
  next: this | undefined = undefined
  older: this | undefined = undefined
  newer: this | undefined = undefined

  constructor(ends: Ends, part = 0) {
    this.hash = hashOf(ends, part)
    this.source0 = ends.source0
    this.source1 = ends.source1
    this.source2 = ends.source2
    this.source3 = ends.source3
    this.destination0 = ends.destination0
    this.destination1 = ends.destination1
    this.destination2 = ends.destination2
    this.destination3 = ends.destination3
    this.ports = portsOf(ends)
    this.rest = restOf(ends)
    this.part = part
  }
}

/**
 * A table of entries by their conversation, in the order in which they were added. No text is made of
 * addresses, and the oldest is at hand: the first key of a Map from which others were deleted is not.
 */
export class Conversations<E extends OfConversation> {
  size = 0
  oldest: E | undefined = undefined
  #newest: E | undefined
  #buckets: (E | undefined)[] = new Array<E | undefined>(smallest).fill(undefined)

  /** The first entry of the conversation (and that part of it). */
  find(ends: Ends, part = 0): E | undefined {
    if (this.size === 0) return undefined
    const hash = hashOf(ends, part)
    return search(this.#buckets[hash & (this.#buckets.length - 1)], hash, ends, part)
  }

  /** The next one of that conversation and part after `entry`, which `find` or this gave. */
  another(entry: E, ends: Ends): E | undefined {
    return search(entry.next, entry.hash, ends, entry.part)
  }

  /** Adds an entry that is in no table, as the newest. */
  add(entry: E): void {
    if (this.size >= this.#buckets.length) this.#grow()
    this.#hang(entry)
    this.#append(entry)
    this.size++
  }

  /** Takes out an entry, which must be in this table. */
  remove(entry: E): void {
    const bucket = entry.hash & (this.#buckets.length - 1)
    let one = this.#buckets[bucket]
    if (one === entry) this.#buckets[bucket] = entry.next
    while (one !== undefined && one.next !== entry) one = one.next
    if (one !== undefined) one.next = entry.next
    entry.next = undefined
    this.#cut(entry)
    this.size--
  }

  /** Makes an entry of this table the newest. */
  refresh(entry: E): void {
    if (entry === this.#newest) return
    this.#cut(entry)
    this.#append(entry)
  }

  #append(entry: E): void {
    entry.older = this.#newest
    if (this.#newest === undefined) this.oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
  }

  #cut(entry: E): void {
    const { older, newer } = entry
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    entry.older = undefined
    entry.newer = undefined
  }

  #hang(entry: E): void {
    const bucket = entry.hash & (this.#buckets.length - 1)
    entry.next = this.#buckets[bucket]
    this.#buckets[bucket] = entry
  }

  #grow(): void {
    this.#buckets = new Array<E | undefined>(this.#buckets.length * 2).fill(undefined)
    for (let entry = this.oldest; entry !== undefined; entry = entry.newer) this.#hang(entry)
  }
}

/** The first of a bucket, from `from` on, that is of this conversation. */
function search<E extends OfConversation>(
  from: E | undefined,
  hash: number,
  ends: Ends,
  part: number,
): E | undefined {
  let entry = from
  while (entry !== undefined && !(entry.hash === hash && isOf(entry, ends, part)))
    entry = entry.next
  return entry
}

function portsOf({ sourcePort, destinationPort }: Ends): number {
  return (sourcePort << 16) | destinationPort
}

function restOf({ vlan, protocol, family }: Ends): number {
  return (vlan << 16) | (protocol << 8) | family
}

function hashOf(ends: Ends, part: number): number {
  let hash = mix(mix(seed, ends.source0), ends.destination0)
  hash = mix(mix(hash, portsOf(ends)), restOf(ends))
  if (ends.family !== 4) {
    hash = mix(mix(mix(hash, ends.source1), ends.source2), ends.source3)
    hash = mix(mix(mix(hash, ends.destination1), ends.destination2), ends.destination3)
  }
  return part === 0 ? hash : mix(hash, part)
}

function isOf(entry: OfConversation, ends: Ends, part: number): boolean {
  return (
    entry.source0 === ends.source0 &&
    entry.destination0 === ends.destination0 &&
    entry.ports === portsOf(ends) &&
    entry.rest === restOf(ends) &&
    entry.part === part &&
    (ends.family === 4 || hasOtherWords(entry, ends))
  )
}

function hasOtherWords(entry: OfConversation, ends: Ends): boolean {
  return (
    entry.source1 === ends.source1 &&
    entry.source2 === ends.source2 &&
    entry.source3 === ends.source3 &&
    entry.destination1 === ends.destination1 &&
    entry.destination2 === ends.destination2 &&
    entry.destination3 === ends.destination3
  )
}
