import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { Describer } from './describer.ts'
import { type Head } from './head.ts'
import { HeldValues, readHeld } from './held.ts'
import { Learner, type Learning } from './learner.ts'
import { mostLike } from './likeness.ts'
import { placeEnd, placeKey, readPlace } from './place.ts'
import { type SeenKind, SeenSet } from './seen-set.ts'
import { type Baseline, type BaselineLimits, type Sighting } from './store.ts'
import { StoredTable } from './stored-table.ts'
import { type Texts } from './texts.ts'
import { type Total } from './total.ts'

/** What all baselines of a store share. */
export interface Shared extends Learning {
  readonly environment: Pick<Environment, 'page' | 'get'>
  readonly journal: Pick<Journal, 'add'>
  readonly texts: Texts
}

export interface StoredBaselineOptions {
  /** Tells its entries in the environment from those of others. */
  readonly number: number
  readonly total: Total
  readonly limits: BaselineLimits
  readonly forgetAfter: number
  /** Called after the first sighting of all. */
  readonly begun: () => void
}

/** A baseline at work, with its head. */
export interface OpenBaseline {
  readonly head: Head
  readonly baseline: StoredBaseline
}

const mostCompared = 512
export const seenKinds: readonly SeenKind[] = ['entities', 'values', 'pairs']

/** One rule's baseline: looked up in typed arrays, kept on the disk. */
export class StoredBaseline implements Baseline {
  readonly number: number
  readonly set: SeenSet
  readonly describer: Describer
  readonly learner: Learner
  readonly stored: Readonly<Record<SeenKind, StoredTable>>
  readonly held: HeldValues
  readonly total: Total
  forgetAfter: number
  readonly #shared: Shared
  readonly #begun: () => void

  constructor(options: StoredBaselineOptions, shared: Shared) {
    const { number, total, limits, forgetAfter } = options
    this.#begun = options.begun
    this.number = number
    this.total = total
    this.forgetAfter = forgetAfter
    this.#shared = shared
    this.set = new SeenSet({
      made: (kind, record, text) => {
        this.stored[kind].changed(record)
        if (text !== undefined) shared.texts.put(number, kind, record, text)
      },
      freed: (kind, record) => {
        this.stored[kind].changed(record)
        if (kind !== 'pairs') shared.texts.remove(number, kind, record)
      },
    })
    this.describer = new Describer(this.set, total, shared.time)
    this.learner = new Learner(this.set, limits, shared)
    const parts = { ...shared, baseline: number }
    const { entities, values, pairs } = this.set
    this.stored = {
      entities: new StoredTable({ ...parts, kind: 'entities', table: entities }),
      values: new StoredTable({ ...parts, kind: 'values', table: values }),
      pairs: new StoredTable({ ...parts, kind: 'pairs', table: pairs }),
    }
    this.held = new HeldValues((at, held) => {
      const place = { table: 'baselines', key: placeKey(number, 'held', undefined, at) } as const
      if (held === undefined) shared.journal.add({ kind: 'remove', ...place })
      else shared.journal.add({ kind: 'put', ...place, value: JSON.stringify(held) })
    })
  }

  /** Reads what is on the disk; returns how many records are damaged. */
  load(): number {
    let damaged = this.#loadHeld()
    for (const kind of seenKinds) damaged += this.stored[kind].load()
    damaged += this.set.relink(this.learner.limits.overflow === 'evict-oldest')
    this.#shared.budget.pairs += this.set.pairs.size
    return damaged
  }

  observe(entity: string, value: string | undefined, time: number): Sighting {
    const { total, learner } = this
    const who = this.#freshEntity(learner.findEntity(entity), time)
    const what = value === undefined ? -1 : learner.findValue(value)
    const pair = who < 0 || what < 0 ? -1 : this.#freshPair(this.set.pairs.find(who, what), time)
    const known = this.describer.sighting(who, what, pair)
    total.see(time)
    if (total.events === 1) this.#begun()
    const isHeld = this.held.size > 0 && this.held.see(entity, value, time)
    if (isHeld && value === undefined) return known
    const seen = learner.seeEntity(entity, who, time)
    known.refused = seen < 0
    if (seen < 0) return this.#refused(known)
    this.stored.entities.touched(seen)
    if (value === undefined || isHeld) return known
    known.refused = !this.#seeValue(seen, value, what, pair, time)
    return known.refused ? this.#refused(known) : known
  }

  nearest(entity: string, value: string, count: number): readonly string[] {
    const who = this.learner.findEntity(entity)
    if (who < 0) return []
    const pairs = this.set.pairsOf(who, mostCompared)
    const texts = pairs.flatMap(pair => this.textOf('values', this.set.valueOf(pair)) ?? [])
    return mostLike(texts, value, count)
  }

  hold(entity: string, value: string | undefined): void {
    const who = this.learner.findEntity(entity)
    if (who < 0) return
    if (value === undefined) {
      this.held.add({ entity, value, ...this.seen('entities', who) })
      this.learner.dropEntity(who)
      return
    }
    const what = this.learner.findValue(value)
    const pair = what < 0 ? -1 : this.set.pairs.find(who, what)
    if (pair < 0) return
    this.held.add({ entity, value, ...this.seen('pairs', pair) })
    this.learner.dropPair(pair)
  }

  /** The text of a record; undefined when it was not kept. */
  textOf(kind: 'entities' | 'values', record: number): string | undefined {
    const { hash, texts } = this.#shared
    const text = texts.get(this.number, kind, record)
    if (text === undefined) return undefined
    hash.of(text)
    const table = this.set[kind]
    const isIts = table.one(record) === hash.high && table.two(record) === hash.low
    return isIts ? text : undefined
  }

  seen(kind: SeenKind, record: number) {
    const table = this.set[kind]
    return {
      firstSeen: table.first(record),
      lastSeen: table.last(record),
      events: table.events(record),
    }
  }

  /** Forgets what was not seen for too long among `count` records from `start` on. */
  forgetOld(kind: 'entities' | 'pairs', start: number, count: number, time: number): void {
    const table = this.set[kind]
    for (let record = start; record < Math.min(start + count, table.top); record++) {
      if (!table.isUsed(record)) continue
      if (kind === 'pairs') this.#freshPair(record, time)
      else this.#freshEntity(record, time)
    }
  }

  #refused(known: Sighting): Sighting {
    this.#shared.budget.refused++
    return known
  }

  #seeValue(entity: number, value: string, what: number, pair: number, time: number): boolean {
    if (what >= 0) this.stored.values.touched(what)
    if (pair >= 0) this.stored.pairs.touched(pair)
    return this.learner.seeValue(entity, value, what, pair, time)
  }

  /** The entity unless it was not seen for too long. */
  #freshEntity(entity: number, time: number): number {
    if (entity < 0 || time - this.set.entities.last(entity) <= this.forgetAfter) return entity
    this.learner.dropEntity(entity)
    return -1
  }

  #freshPair(pair: number, time: number): number {
    if (pair < 0 || time - this.set.pairs.last(pair) <= this.forgetAfter) return pair
    this.learner.dropPair(pair)
    return -1
  }

  #loadHeld(): number {
    const { environment } = this.#shared
    const start = placeKey(this.number, 'held', undefined, 0)
    const end = placeEnd(this.number, 'held', undefined)
    const entries = environment.page('baselines', { start, end, limit: 65_536 })
    let damaged = 0
    for (const { key, value } of entries) {
      const held = value && readHeld(value)
      if (held === undefined) damaged++
      else this.held.restore(held, readPlace(key)?.number ?? 0)
    }
    return damaged
  }
}
