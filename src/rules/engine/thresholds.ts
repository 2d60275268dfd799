import { type Comparison } from '../ast.ts'
import { type Mark } from './postings.ts'

export interface ThresholdEntry {
  readonly comparison: Comparison
  readonly value: number
  readonly posting: number
}

/** Limits of a number in the order in which a growing (or falling) one passes them. */
export class Thresholds {
  readonly #above: Limits
  readonly #below: Limits
  readonly #equal: ReadonlyMap<number, number>

  constructor(entries: readonly ThresholdEntry[], join: (postings: number[]) => number) {
    const of = (...names: Comparison[]) => entries.filter(one => names.includes(one.comparison))
    this.#above = limits(of('gt', 'gte'), 1)
    this.#below = limits(of('lt', 'lte'), -1)
    const equal = group(of('eq'))
    this.#equal = new Map(Array.from(equal, ([value, postings]) => [value, join(postings)]))
  }

  find(value: number, mark: Mark): void {
    if (Number.isNaN(value)) return
    pass(this.#above, value, mark)
    pass(this.#below, -value, mark)
    const posting = this.#equal.get(value)
    if (posting !== undefined) mark.posting(posting)
  }
}

interface Limits {
  readonly values: Float64Array
  readonly postings: Int32Array
}

function limits(entries: readonly ThresholdEntry[], sign: 1 | -1): Limits {
  const sorted = [...entries].sort((a, b) => sign * (a.value - b.value))
  return {
    values: Float64Array.from(sorted, ({ value }) => sign * value),
    postings: Int32Array.from(sorted, ({ posting }) => posting),
  }
}

function pass({ values, postings }: Limits, value: number, mark: Mark): void {
  for (let index = 0; index < values.length; index++) {
    if ((values[index] ?? 0) > value) return
    mark.posting(postings[index] ?? 0)
  }
}

function group(entries: readonly ThresholdEntry[]): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const { value, posting } of entries)
    groups.set(value, [...(groups.get(value) ?? []), posting])
  return groups
}
