import { type ObservedTime } from './observed-time.ts'
import { type SeenSet } from './seen-set.ts'
import { type Seen, type SeenEntity, type SeenValue, type Sighting } from './store.ts'
import { type Total } from './total.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Says what a set knows, each time in the same objects: it is asked for every event. */
export class Describer {
  readonly #set: SeenSet
  readonly #total: Total
  readonly #time: ObservedTime
  // Written out, and times no integers from the beginning: else V8 forgets how these are laid out.
  readonly #pair = { firstSeen: Number.NaN, lastSeen: Number.NaN, events: 0 }
  readonly #entity = {
    firstSeen: Number.NaN,
    lastSeen: Number.NaN,
    events: 0,
    days: 0,
    observed: Number.NaN,
    values: 0,
  }
  readonly #value = { firstSeen: Number.NaN, lastSeen: Number.NaN, events: 0, entities: 0 }
  readonly #sighting = {
    pair: undefined as Seen | undefined,
    entity: undefined as SeenEntity | undefined,
    value: undefined as SeenValue | undefined,
    total: {
      firstSeen: Number.NaN,
      lastSeen: Number.NaN,
      events: 0,
      days: 0,
      observed: Number.NaN,
      values: 0,
      entities: 0,
    },
    refused: false,
  }

  constructor(set: SeenSet, total: Total, time: ObservedTime) {
    this.#set = set
    this.#total = total
    this.#time = time
  }

  /** What is known before anything is remembered; records are -1 where there is none. */
  sighting(who: number, what: number, pair: number): Writable<Sighting> {
    const known = this.#sighting
    known.refused = false
    known.pair = pair < 0 ? undefined : this.#pairFacts(pair)
    known.entity = who < 0 ? undefined : this.entity(who)
    // A value goes with its last pair, which may just have been forgotten.
    known.value = what >= 0 && this.#set.values.isUsed(what) ? this.#valueFacts(what) : undefined
    this.total()
    return known
  }

  entity(entity: number): SeenEntity {
    const { entities } = this.#set
    const facts = this.#entity
    facts.firstSeen = entities.first(entity)
    facts.lastSeen = entities.last(entity)
    facts.events = entities.events(entity)
    facts.days = entities.days(entity)
    facts.observed = this.#observed(entities.since(entity))
    facts.values = entities.count(entity)
    return facts
  }

  total(): Sighting['total'] {
    const { total: facts } = this.#sighting
    const { firstSeen, lastSeen, events, days, since } = this.#total
    facts.firstSeen = firstSeen
    facts.lastSeen = lastSeen
    facts.events = events
    facts.days = days
    facts.observed = this.#observed(since)
    facts.values = this.#set.pairs.size
    facts.entities = this.#set.entities.size
    return facts
  }

  #pairFacts(pair: number): Seen {
    const { pairs } = this.#set
    const facts = this.#pair
    facts.firstSeen = pairs.first(pair)
    facts.lastSeen = pairs.last(pair)
    facts.events = pairs.events(pair)
    return facts
  }

  #valueFacts(value: number): SeenValue {
    const { values } = this.#set
    const facts = this.#value
    facts.firstSeen = values.first(value)
    facts.lastSeen = values.last(value)
    facts.events = values.events(value)
    facts.entities = values.count(value)
    return facts
  }

  /** What the disk knows of it may be a little ahead of the clock that it knows. */
  #observed(since: number): number {
    return Math.max(0, this.#time.observed - since)
  }
}
