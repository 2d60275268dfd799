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
  readonly #pair: Writable<Seen> = { firstSeen: 0, lastSeen: 0, events: 0 }
  readonly #entity = { ...this.#pair, days: 0, observed: 0, values: 0 }
  readonly #value = { ...this.#pair, entities: 0 }
  readonly #sighting = {
    pair: undefined as Seen | undefined,
    entity: undefined as SeenEntity | undefined,
    value: undefined as SeenValue | undefined,
    total: { ...this.#entity, entities: 0 },
    refused: false,
  }

  constructor(set: SeenSet, total: Total, time: ObservedTime) {
    this.#set = set
    this.#total = total
    this.#time = time
  }

  /** What is known before anything is remembered; records are -1 where there is none. */
  sighting(who: number, what: number, pair: number): Writable<Sighting> {
    const { values, pairs } = this.#set
    const known = this.#sighting
    known.refused = false
    known.pair = pair < 0 ? undefined : this.#pair
    if (pair >= 0) fill(this.#pair, pairs.first(pair), pairs.last(pair), pairs.events(pair))
    known.entity = who < 0 ? undefined : this.entity(who)
    // A value goes with its last pair, which may just have been forgotten.
    const isKnown = what >= 0 && values.isUsed(what)
    known.value = isKnown ? this.#value : undefined
    if (isKnown) {
      fill(this.#value, values.first(what), values.last(what), values.events(what))
      this.#value.entities = values.count(what)
    }
    this.total()
    return known
  }

  entity(entity: number): SeenEntity {
    const { entities } = this.#set
    const facts = this.#entity
    fill(facts, entities.first(entity), entities.last(entity), entities.events(entity))
    facts.days = entities.days(entity)
    facts.observed = this.#observed(entities.since(entity))
    facts.values = entities.count(entity)
    return facts
  }

  total(): Sighting['total'] {
    const { total: facts } = this.#sighting
    const { firstSeen, lastSeen, events, days, since } = this.#total
    fill(facts, firstSeen, lastSeen, events)
    facts.days = days
    facts.observed = this.#observed(since)
    facts.values = this.#set.pairs.size
    facts.entities = this.#set.entities.size
    return facts
  }

  /** What the disk knows of it may be a little ahead of the clock that it knows. */
  #observed(since: number): number {
    return Math.max(0, this.#time.observed - since)
  }
}

function fill(seen: Writable<Seen>, firstSeen: number, lastSeen: number, events: number): void {
  seen.firstSeen = firstSeen
  seen.lastSeen = lastSeen
  seen.events = events
}
