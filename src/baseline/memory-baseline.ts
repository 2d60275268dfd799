import { HeldValues } from './held.ts'
import { mostLike } from './likeness.ts'
import { MemoryEntity, merge, type Sightings, sightingsAt, touch } from './memory-entity.ts'
import { type ObservedTime } from './observed-time.ts'
import {
  type Baseline,
  type BaselineLimits,
  type Seen,
  type SeenEntity,
  type SeenValue,
  type Sighting,
} from './store.ts'

interface Use extends Sightings {
  entities: number
}

/** One rule's baseline in memory. */
export class MemoryBaseline implements Baseline {
  readonly hash: string
  readonly entities = new Map<string, MemoryEntity>()
  /** All entities together; its own values are not used. */
  readonly total: MemoryEntity
  readonly #values = new Map<string, Use>()
  readonly #time: ObservedTime
  forgetAfter: number
  limits: BaselineLimits
  #pairs = 0

  constructor(hash: string, forgetAfter: number, limits: BaselineLimits, time: ObservedTime) {
    this.hash = hash
    this.forgetAfter = forgetAfter
    this.limits = limits
    this.#time = time
    this.total = new MemoryEntity(Number.POSITIVE_INFINITY, time.observed)
    this.total.lastSeen = Number.NEGATIVE_INFINITY
  }

  readonly held = new HeldValues()

  observe(entity: string, value: string | undefined, time: number): Sighting {
    const known = this.#fresh(entity, time)
    const pair = known && value !== undefined ? this.#freshValue(known, value, time) : undefined
    const before = {
      pair: pair && { ...pair },
      entity: known && this.#describe(known),
      value: this.#describeValue(value),
      total: { ...this.#describe(this.total), values: this.#pairs, entities: this.entities.size },
    }
    const isHeld = this.held.see(entity, value, time)
    return { ...before, refused: !this.#remember(entity, value, time, isHeld) }
  }

  hold(name: string, value: string | undefined): void {
    const entity = this.entities.get(name)
    const seen = value === undefined ? entity : entity?.values.get(value)
    if (entity === undefined || seen === undefined) return
    const { firstSeen, lastSeen, events } = seen
    this.held.add({ entity: name, value, firstSeen, lastSeen, events })
    if (value === undefined) this.forget(name)
    else this.#drop(entity, value)
  }

  /** Learns what was held back of the entity; returns how many. */
  approve(name: string, value?: string): number {
    const taken = this.held.take(name, value)
    for (const { value: one, ...seen } of taken) {
      if (!this.entities.has(name)) {
        this.restore(name, new MemoryEntity(seen.firstSeen, this.#time.observed), seen, 1)
      }
      if (one !== undefined) this.restoreValue(name, one, seen)
    }
    return taken.length
  }

  nearest(entity: string, value: string, count: number): readonly string[] {
    const values = [...(this.entities.get(entity)?.values.keys() ?? [])].slice(-mostCompared)
    return mostLike(values, value, count)
  }

  /** Takes an entity or one value out; returns how many pairs went. */
  forget(name: string, value?: string): number {
    const entity = this.entities.get(name)
    if (entity === undefined) return 0
    const values = value === undefined ? [...entity.values.keys()] : [value]
    const gone = values.filter(one => this.#drop(entity, one)).length
    if (value === undefined) this.entities.delete(name)
    return gone
  }

  /** Forgets what was not seen for too long; looks at `count` entities at most. */
  sweep(names: Iterator<string>, count: number, time: number): boolean {
    for (let left = count; left > 0; left--) {
      const { value: name, done } = names.next()
      if (done) return true
      const entity = this.#fresh(name, time)
      for (const value of entity?.values.keys() ?? []) {
        if (entity !== undefined) this.#freshValue(entity, value, time)
      }
    }
    return false
  }

  /** Merges what was exported; `made` takes the place of an entity that is not known. */
  restore(name: string, made: MemoryEntity, seen: Seen, days: number): void {
    const entity = this.entities.get(name) ?? made
    this.entities.set(name, entity)
    merge(entity, seen)
    entity.days = Math.max(entity.days, days)
    entity.since = Math.min(entity.since, made.since)
  }

  restoreValue(name: string, value: string, seen: Seen): boolean {
    const entity = this.entities.get(name)
    if (entity === undefined) return false
    const known = entity.values.get(value)
    const before = known?.events ?? 0
    const pair = known ?? sightingsAt(seen.firstSeen)
    if (known === undefined) this.#add(entity, value, pair)
    merge(pair, seen)
    const use = this.#values.get(value)
    if (use !== undefined) merge(use, { ...seen, events: use.events + pair.events - before })
    return true
  }

  #remember(name: string, value: string | undefined, time: number, isHeld: boolean): boolean {
    this.total.firstSeen = Math.min(this.total.firstSeen, time)
    this.total.see(time)
    if (isHeld && value === undefined) return true
    const entity = this.entities.get(name) ?? this.#newEntity(name, time)
    if (entity === undefined) return false
    entity.see(time)
    if (this.limits.overflow === 'evict-oldest') renew(this.entities, name, entity)
    if (value === undefined || isHeld) return true
    const pair = entity.values.get(value) ?? this.#newValue(entity, value, time)
    const use = this.#values.get(value)
    if (use !== undefined) touch(use, time)
    if (pair === undefined) return false
    touch(pair, time)
    if (this.limits.overflow === 'evict-oldest') renew(entity.values, value, pair)
    return true
  }

  #newEntity(name: string, time: number): MemoryEntity | undefined {
    if (this.entities.size >= this.limits.entities) {
      const [oldest] = this.entities.keys()
      if (this.limits.overflow === 'freeze' || oldest === undefined) return undefined
      this.forget(oldest)
    }
    const entity = new MemoryEntity(time, this.#time.observed)
    this.entities.set(name, entity)
    return entity
  }

  #newValue(entity: MemoryEntity, value: string, time: number): Sightings | undefined {
    if (entity.values.size >= this.limits.valuesPerEntity) {
      const [oldest] = entity.values.keys()
      if (this.limits.overflow === 'freeze' || oldest === undefined) return undefined
      this.#drop(entity, oldest)
    }
    const pair = sightingsAt(time)
    this.#add(entity, value, pair)
    return pair
  }

  #add(entity: MemoryEntity, value: string, pair: Sightings): void {
    entity.values.set(value, pair)
    this.#pairs++
    const use = this.#values.get(value)
    if (use === undefined) {
      this.#values.set(value, { ...sightingsAt(pair.firstSeen), entities: 1 })
    } else use.entities++
  }

  #drop(entity: MemoryEntity, value: string): boolean {
    if (!entity.values.delete(value)) return false
    this.#pairs--
    const use = this.#values.get(value)
    if (use !== undefined && --use.entities === 0) this.#values.delete(value)
    return true
  }

  /** The entity unless it was not seen for too long. */
  #fresh(name: string, time: number): MemoryEntity | undefined {
    const entity = this.entities.get(name)
    if (entity === undefined || time - entity.lastSeen <= this.forgetAfter) return entity
    this.forget(name)
    return undefined
  }

  #freshValue(entity: MemoryEntity, value: string, time: number): Sightings | undefined {
    const pair = entity.values.get(value)
    if (pair === undefined || time - pair.lastSeen <= this.forgetAfter) return pair
    this.#drop(entity, value)
    return undefined
  }

  #describe({ firstSeen, lastSeen, events, days, since, values }: MemoryEntity): SeenEntity {
    const observed = this.#time.observed - since
    return { firstSeen, lastSeen, events, days, observed, values: values.size }
  }

  #describeValue(value: string | undefined): SeenValue | undefined {
    const use = value === undefined ? undefined : this.#values.get(value)
    return use && { ...use }
  }
}

const mostCompared = 512

/** Moves an entry to the end: the first is then the one that was not touched for longest. */
function renew<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
}
