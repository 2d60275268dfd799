import { MemoryBaseline } from './memory-baseline.ts'
import { MemoryEntity, merge } from './memory-entity.ts'
import { ObservedTime } from './observed-time.ts'
import {
  type Baseline,
  type BaselineKey,
  type BaselineRecord,
  type BaselineStore,
  type HeldValue,
} from './store.ts'

/** Entities looked at in one step of time. */
const sweptAtOnce = 64
const sweepEvery = 1e6

/** A store that lives as long as the process. */
export class MemoryBaselineStore implements BaselineStore {
  readonly #baselines = new Map<string, MemoryBaseline>()
  readonly #time = new ObservedTime()
  #swept = Number.NEGATIVE_INFINITY
  #sweep: { baseline: MemoryBaseline; names: Iterator<string> } | undefined
  #turn = 0

  open({ id, hash, forgetAfter, limits }: BaselineKey): Baseline {
    const known = this.#baselines.get(id)
    if (known !== undefined && known.hash === hash) {
      known.forgetAfter = forgetAfter
      known.limits = limits
      return known
    }
    const made = new MemoryBaseline(hash, forgetAfter, limits, this.#time)
    this.#baselines.set(id, made)
    return made
  }

  advance(time: number): void {
    this.#time.advance(time)
    if (time - this.#swept < sweepEvery) return
    this.#swept = time
    this.#sweep ??= this.#nextSweep()
    if (this.#sweep?.baseline.sweep(this.#sweep.names, sweptAtOnce, time)) this.#sweep = undefined
  }

  forget(id: string, entity: string, value?: string): number {
    const baseline = this.#baselines.get(id)
    const held = baseline?.held.take(entity, value).length ?? 0
    return held + (baseline?.forget(entity, value) ?? 0)
  }

  *held(): Iterable<HeldValue & { readonly id: string }> {
    for (const [id, { held }] of this.#baselines) for (const one of held) yield { id, ...one }
  }

  approve(id: string, entity: string, value?: string): number {
    return this.#baselines.get(id)?.approve(entity, value) ?? 0
  }

  *export(): Iterable<BaselineRecord> {
    const { observed } = this.#time
    for (const [id, { hash, total, entities }] of this.#baselines) {
      yield { kind: 'baseline', id, hash, ...record(total, observed) }
      for (const [entity, known] of entities) {
        yield { kind: 'entity', id, entity, ...record(known, observed) }
        for (const [value, { firstSeen, lastSeen, events }] of known.values) {
          yield { kind: 'value', id, entity, value, firstSeen, lastSeen, events }
        }
      }
    }
  }

  import(records: Iterable<BaselineRecord>): number {
    let refused = 0
    for (const one of records) if (!this.#restore(one)) refused++
    return refused
  }

  #restore(record: BaselineRecord): boolean {
    if (record.kind === 'baseline') return this.#restoreBaseline(record)
    const baseline = this.#baselines.get(record.id)
    if (baseline === undefined) return false
    if (record.kind === 'value') return baseline.restoreValue(record.entity, record.value, record)
    baseline.restore(record.entity, this.#entity(record), record, record.days)
    return true
  }

  #restoreBaseline(record: BaselineRecord & { kind: 'baseline' }): boolean {
    const known = this.#baselines.get(record.id)
    if (known !== undefined && known.hash !== record.hash) return false
    const made = new MemoryBaseline(record.hash, Number.POSITIVE_INFINITY, unlimited, this.#time)
    const { total } = known ?? made
    merge(total, record)
    total.days = Math.max(total.days, record.days)
    total.since = Math.min(total.since, this.#time.observed - record.observed)
    if (known === undefined) this.#baselines.set(record.id, made)
    return true
  }

  #entity(record: Exclude<BaselineRecord, { kind: 'value' }>): MemoryEntity {
    const entity = new MemoryEntity(record.firstSeen, this.#time.observed - record.observed)
    const { lastSeen, events, days } = record
    return Object.assign(entity, { lastSeen, events, days })
  }

  #nextSweep() {
    const all = [...this.#baselines.values()]
    const baseline = all[this.#turn++ % Math.max(all.length, 1)]
    return baseline && { baseline, names: baseline.entities.keys() }
  }
}

/** Until the rule opens its baseline and says what it may be. */
const unlimited = {
  entities: Number.POSITIVE_INFINITY,
  valuesPerEntity: Number.POSITIVE_INFINITY,
  overflow: 'freeze',
} as const

function record({ firstSeen, lastSeen, events, days, since }: MemoryEntity, observed: number) {
  return { firstSeen, lastSeen, events, days, observed: observed - since }
}
