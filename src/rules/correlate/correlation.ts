import { type CorrelationRule, type DetectionRule } from '../ast.ts'
import { valueNumber } from '../evaluate/values.ts'
import { type FieldValue } from '../fields.ts'
import { type LinkedCorrelation } from '../link/set.ts'
import { type Entry } from './aggregate.ts'
import { type Group, groupFactory } from './group.ts'
import { keyOf, keyText, type Subject } from './subject.ts'

/** What a correlation found. Times in µs. */
export interface CorrelationFinding {
  readonly rule: CorrelationRule
  /** Names of `group-by` and what the group has there. */
  readonly group: ReadonlyMap<string, string>
  readonly key: string
  /** What was compared: a count, a sum, a percentile … or how many rules matched. */
  readonly count: number
  readonly first: number
  readonly last: number
  readonly time: number
}

export interface CorrelationLimits {
  readonly groups: number
  readonly entriesPerGroup: number
}

/** What did not count, and why. */
export interface CorrelationCounts {
  /** A field of `group-by` (or the value) was absent. */
  missing: number
  /** No room for another group. */
  refused: number
  /** Before its window. */
  late: number
  /** The oldest entry of a full window went. */
  cut: number
}

interface Kept {
  readonly group: Group
  readonly values: readonly string[]
  quietUntil: number
}

/** A group as it is exported. */
export interface GroupRecord {
  readonly values: readonly string[]
  readonly quietUntil: number
  readonly entries: ReturnType<Group['export']>
}

/**
 * One correlation with its groups. It fires when an arrival makes its condition true, and then not
 * again in that group for the length of its window.
 */
export class Correlation {
  readonly rule: CorrelationRule
  readonly alerts: boolean
  readonly counts: CorrelationCounts = { missing: 0, refused: 0, late: 0, cut: 0 }
  readonly #limits: CorrelationLimits
  readonly #make: () => Group
  readonly #positions = new Map<DetectionRule | CorrelationRule, number[]>()
  /** The group that was touched longest ago comes first. */
  #groups = new Map<string, Kept>()
  #latest = Number.NEGATIVE_INFINITY

  constructor({ rule, targets, alerts }: LinkedCorrelation, limits: CorrelationLimits) {
    this.rule = rule
    this.alerts = alerts
    this.#limits = limits
    this.#make = groupFactory(rule, limits.entriesPerGroup)
    for (const [position, target] of targets.entries()) {
      const positions = this.#positions.get(target)
      if (positions === undefined) this.#positions.set(target, [position])
      else positions.push(position)
    }
  }

  get size(): number {
    return this.#groups.size
  }

  get targets(): Iterable<DetectionRule | CorrelationRule> {
    return this.#positions.keys()
  }

  /** A target matched: what the correlation makes of it. `sequence` is the number of the event. */
  accept(
    target: DetectionRule | CorrelationRule,
    subject: Subject,
    time: number,
    sequence: number,
  ): CorrelationFinding | undefined {
    const positions = this.#positions.get(target) ?? []
    const values = this.#groupValues(positions, subject)
    const key = keyOf(values)
    const entry = this.#entry(subject)
    if (key === undefined || entry === missing) {
      this.counts.missing++
      return undefined
    }
    this.#latest = Math.max(this.#latest, time)
    const kept = this.#keep(key, values as readonly string[])
    if (kept === undefined) return undefined
    const taken = kept.group.add({ positions, time, sequence, entry })
    if (taken === 'late' || taken === 'cut') this.counts[taken]++
    return taken === 'late' ? undefined : this.#judge(key, kept)
  }

  export(): GroupRecord[] {
    return Array.from(this.#groups.values(), ({ group, values, quietUntil }) => {
      return { values, quietUntil, entries: group.export() }
    })
  }

  import(records: readonly GroupRecord[]): void {
    for (const { values, quietUntil, entries } of records) {
      const group = this.#make()
      group.import(entries)
      this.#latest = Math.max(this.#latest, group.last)
      this.#groups.set(JSON.stringify(values), { group, values, quietUntil })
    }
  }

  /** Goes on with the groups of the same correlation in the set before. */
  adopt(other: Correlation): void {
    this.#groups = other.#groups
    this.#latest = other.#latest
    Object.assign(this.counts, other.counts)
  }

  #judge(key: string, kept: Kept): CorrelationFinding | undefined {
    const { group, values } = kept
    const time = group.last
    if (time < kept.quietUntil) return undefined
    const { fires, count } = group.judge()
    if (!fires) return undefined
    kept.quietUntil = time + this.rule.timespan
    const names = this.rule.groupBy.map(({ name }, index) => [name, values[index] ?? ''] as const)
    const { rule } = this
    return { rule, group: new Map(names), key, count, first: group.first, last: time, time }
  }

  #groupValues(positions: readonly number[], subject: Subject): (string | undefined)[] {
    const { rules, groupBy, aliases, meta } = this.rule
    const names = positions.map(position => rules[position]?.name ?? '')
    return groupBy.map(({ name }) => {
      const alias = aliases.get(name)
      const field = alias === undefined ? name : fieldOf(alias.fields, names)
      return field === undefined ? undefined : keyText(subject.value(field, meta.taxonomy))
    })
  }

  #entry(subject: Subject): Entry | typeof missing {
    const { condition, type, meta } = this.rule
    if (condition.kind !== 'threshold' || !type.startsWith('value_')) return undefined
    const found = condition.fields.map(field => subject.value(field, meta.taxonomy))
    if (type === 'value_count') return keyOf(found.map(keyText)) ?? missing
    const number = numberOf(found[0])
    return Number.isFinite(number) ? number : missing
  }

  #keep(key: string, values: readonly string[]): Kept | undefined {
    const known = this.#groups.get(key)
    if (known === undefined && this.#groups.size >= this.#limits.groups) this.#dropOver()
    if (known === undefined && this.#groups.size >= this.#limits.groups) {
      this.counts.refused++
      return undefined
    }
    const kept = known ?? { group: this.#make(), values, quietUntil: 0 }
    this.#groups.delete(key)
    this.#groups.set(key, kept)
    return kept
  }

  /** Groups whose windows have passed. */
  #dropOver(): void {
    for (const [key, { group, quietUntil }] of this.#groups) {
      if (group.last >= this.#latest - this.rule.timespan || quietUntil > this.#latest) return
      this.#groups.delete(key)
    }
  }
}

const missing = Symbol('missing')

function fieldOf(
  fields: ReadonlyMap<string, string>,
  names: readonly string[],
): string | undefined {
  const name = names.find(one => fields.has(one))
  return name === undefined ? undefined : fields.get(name)
}

function numberOf(value: FieldValue): number {
  return valueNumber(Array.isArray(value) ? (value as FieldValue[])[0] : value)
}
