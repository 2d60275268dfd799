import {
  type Baseline,
  type BaselineKey,
  type BaselineStore,
  type Sighting,
} from '../../baseline/store.ts'
import { type Subject } from '../correlate/subject.ts'
import { valueText } from '../evaluate/values.ts'
import { type FieldValue } from '../fields.ts'
import { type BaselineReason, decide, others, share } from './decide.ts'
import { type BaselineDefinition } from './definition.ts'

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

/** Lists make a sighting of each member, of each combination in a tuple: at most so many an event. */
const mostSightings = 64
const nearestShown = 3

/** The baseline of one rule. */
export class BaselineRule {
  readonly definition: BaselineDefinition
  readonly counts: BaselineCounts = { missing: 0, refused: 0 }
  readonly #baseline: Baseline
  readonly #taxonomy: string

  constructor(
    definition: BaselineDefinition,
    key: Pick<BaselineKey, 'id' | 'hash'>,
    taxonomy: string,
    store: BaselineStore,
  ) {
    const { forgetAfter, limits } = definition
    this.definition = definition
    this.#taxonomy = taxonomy
    this.#baseline = store.open({ ...key, forgetAfter, limits })
  }

  /** Looks up, decides and remembers what the event shows. */
  observe(subject: Subject, time: number, observer: BaselineObserver): void {
    const { entity, value } = this.definition
    const who = this.#key(entity, subject)
    const what = value.length === 0 ? noValue : this.#key(value, subject)
    if (who === many || what === many) this.#observeAll(subject, time, observer)
    else if (who === undefined || what === undefined) this.counts.missing++
    else this.#sight(who, what === noValue ? undefined : what, time, observer)
  }

  /** Some field has many values: a sighting of each. */
  #observeAll(subject: Subject, time: number, observer: BaselineObserver): void {
    const { entity, value } = this.definition
    const entities = this.#tuples(entity, subject)
    const values = this.#tuples(value, subject)
    if (entities.length === 0 || values.length === 0) this.counts.missing++
    for (const who of entities) {
      for (const what of values) {
        this.#sight(textOf(who), what.length === 0 ? undefined : textOf(what), time, observer)
      }
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

  /** The text of the fields' values; `many` where one has more than one, undefined where one has none. */
  #key(fields: readonly string[], subject: Subject): string | typeof many | undefined {
    const [only = ''] = fields
    if (fields.length === 1) {
      const value = subject.value(only, this.#taxonomy)
      return Array.isArray(value) ? many : this.#text(value)
    }
    const tuple: string[] = []
    for (const field of fields) {
      const value = subject.value(field, this.#taxonomy)
      if (Array.isArray(value)) return many
      const text = this.#text(value)
      if (text === undefined) return undefined
      tuple.push(text)
    }
    return textOf(tuple)
  }

  /** Every combination of the fields' members; none when a field has no value. */
  #tuples(fields: readonly string[], subject: Subject): readonly (readonly string[])[] {
    let tuples: (readonly string[])[] = [[]]
    for (const field of fields) {
      const texts = this.#texts(subject.value(field, this.#taxonomy))
      tuples = tuples.flatMap(tuple => texts.map(text => [...tuple, text])).slice(0, mostSightings)
    }
    return tuples
  }

  #texts(value: FieldValue): readonly string[] {
    if (Array.isArray(value)) {
      return [...new Set((value as FieldValue[]).flatMap(one => this.#texts(one)))]
    }
    const text = this.#text(value)
    return text === undefined ? [] : [text]
  }

  #text(value: FieldValue): string | undefined {
    const text = valueText(value)
    return text === undefined ? undefined : this.definition.normalise.apply(text)
  }
}

function isNew({ pair, entity }: Sighting, value: string | undefined): boolean {
  return value === undefined ? entity === undefined : pair === undefined
}

const many = Symbol('many')
const noValue = Symbol('no value')

/** One text for a tuple: that of its only member, else a list of them. */
function textOf(tuple: readonly string[]): string {
  const [only] = tuple
  return tuple.length === 1 && only !== undefined ? only : JSON.stringify(tuple)
}

/** The tuple of so many members that `textOf` made the text of. */
function tupleOf(text: string, members: number): readonly string[] {
  return members === 1 ? [text] : (JSON.parse(text) as string[])
}
