import {
  type Baseline,
  type BaselineKey,
  type BaselineStore,
  type Sighting,
} from '../../baseline/store.ts'
import { type BaselineReason, decide, others, share } from './decide.ts'
import { type BaselineDefinition } from './definition.ts'
import { type KeyText, type KeyTexts, many, type Sighted, tupleOf } from './key.ts'

/** What a baseline found, and the facts that make it worth a look. Times and durations in µs. */
export interface BaselineFinding {
  readonly reason: BaselineReason
  readonly entity: readonly string[]
  readonly value: readonly string[]
  /** Since when there is a baseline: tells one memory from another. */
  readonly since: number
  readonly entityFirstSeen: number | undefined
  /** How long the sensor has watched the entity. */
  readonly entityObserved: number
  readonly entityEvents: number
  readonly entityValues: number
  /** Of the value by anyone; undefined when nobody had it. */
  readonly valueFirstSeen: number | undefined
  /** Other entities with the value. */
  readonly others: number
  readonly entities: number
  /** Share of the value in all events, 0 to 1. */
  readonly share: number
  /** Values of the entity that are most like it. */
  readonly nearest: readonly string[]
}

export interface BaselineCounts {
  /** A field of entity or value was absent or null. */
  missing: number
  /** Not remembered for want of room. */
  refused: number
}

export interface BaselineObserver {
  readonly found: (finding: BaselineFinding) => void
  /** Something is new, whether that is worth an alert or not; the function takes it back. */
  readonly learned: (takeBack: () => void) => void
}

/** What the baselines of a set of rules share. */
export interface BaselineParts {
  readonly store: BaselineStore
  readonly keys: KeyTexts
}

/** Lists make a sighting of each member, of each combination in a tuple: at most so many an event. */
const mostSightings = 64
const nearestShown = 3

/** The baseline of one rule. */
export class BaselineRule {
  readonly definition: BaselineDefinition
  readonly counts: BaselineCounts = { missing: 0, refused: 0 }
  readonly #baseline: Baseline
  readonly #entity: KeyText
  /** Undefined where the rule is about entities only. */
  readonly #value: KeyText | undefined

  constructor(
    definition: BaselineDefinition,
    key: Pick<BaselineKey, 'id' | 'hash'>,
    taxonomy: string,
    { store, keys }: BaselineParts,
  ) {
    const { entity, value, normalise, forgetAfter, limits } = definition
    this.definition = definition
    this.#entity = keys.of(entity, normalise, taxonomy)
    this.#value = value.length === 0 ? undefined : keys.of(value, normalise, taxonomy)
    this.#baseline = store.open({ ...key, forgetAfter, limits })
  }

  /** Looks up, decides and remembers what the event shows. */
  observe(subject: Sighted, time: number, observer: BaselineObserver): void {
    const who = this.#entity.of(subject)
    const what = who === undefined ? undefined : this.#value?.of(subject)
    if (who === many || what === many) this.#observeAll(subject, time, observer)
    else if (who === undefined || (what === undefined && this.#value !== undefined)) {
      this.counts.missing++
    } else this.#sight(who, what, time, observer)
  }

  /** Some field has many values: a sighting of each. */
  #observeAll(subject: Sighted, time: number, observer: BaselineObserver): void {
    const entities = this.#entity.all(subject, mostSightings)
    const values = this.#value?.all(subject, mostSightings) ?? [undefined]
    if (entities.length === 0 || values.length === 0) this.counts.missing++
    for (const who of entities) {
      for (const what of values) this.#sight(who, what, time, observer)
    }
  }

  #sight(
    who: string,
    what: string | undefined,
    time: number,
    { found, learned }: BaselineObserver,
  ): void {
    const sighting = this.#baseline.observe(who, what, time)
    if (sighting.refused) this.counts.refused++
    else if (isNew(sighting, what)) learned(this.#holding(who, what))
    const reason = decide(this.definition, sighting)
    if (reason === undefined) return
    const { total } = sighting
    const { entity, value } = this.definition
    found({
      reason,
      entity: tupleOf(who, entity.length),
      value: what === undefined ? [] : tupleOf(what, value.length),
      since: Math.min(total.firstSeen, time),
      entityFirstSeen: sighting.entity?.firstSeen,
      entityObserved: sighting.entity?.observed ?? 0,
      entityEvents: sighting.entity?.events ?? 0,
      entityValues: sighting.entity?.values ?? 0,
      valueFirstSeen: sighting.value?.firstSeen,
      others: others(sighting),
      entities: total.entities,
      share: share(sighting),
      nearest: what === undefined ? [] : this.#baseline.nearest(who, what, nearestShown),
    })
  }

  /** What takes back that it was learned: made apart, as it costs each call of whoever makes it. */
  #holding(who: string, what: string | undefined): () => void {
    return () => this.#baseline.hold(who, what)
  }
}

function isNew({ pair, entity }: Sighting, value: string | undefined): boolean {
  return value === undefined ? entity === undefined : pair === undefined
}
