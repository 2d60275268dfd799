import { type CorrelationRule } from '../ast.ts'

/** What an entry of a window brings: nothing, a value as text, or a number. */
export type Entry = string | number | undefined

/** One number over the entries of a window, kept up to date as they come and go. */
export interface Aggregate {
  add(entry: Entry): void
  remove(entry: Entry): void
  /** NaN when there is nothing to say. */
  readonly result: number
}

/** The aggregate of a correlation that compares a number; undefined for temporal ones. */
export function aggregateOf({ type, condition }: CorrelationRule): (() => Aggregate) | undefined {
  const percentile = condition.kind === 'threshold' ? condition.percentile : undefined
  switch (type) {
    case 'event_count':
      return counting
    case 'value_count':
      return distinct
    case 'value_sum':
      return () => adding(sum => sum)
    case 'value_avg':
      return () => adding((sum, count) => sum / count)
    case 'value_median':
      return () => ranking(50)
    case 'value_percentile':
      return () => ranking(percentile ?? 50)
    default:
      return undefined
  }
}

function counting(): Aggregate {
  let count = 0
  return {
    add: () => void count++,
    remove: () => void count--,
    get result() {
      return count
    },
  }
}

function distinct(): Aggregate {
  const counts = new Map<Entry, number>()
  return {
    add: entry => void counts.set(entry, (counts.get(entry) ?? 0) + 1),
    remove: entry => {
      const left = (counts.get(entry) ?? 0) - 1
      if (left > 0) counts.set(entry, left)
      else counts.delete(entry)
    },
    get result() {
      return counts.size
    },
  }
}

/** Kept as it goes, with what rounding lost (Neumaier 1974), so that a long stream stays exact. */
function adding(finish: (sum: number, count: number) => number): Aggregate {
  let [sum, lost, count] = [0, 0, 0]
  const change = (value: number) => {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return {
    add: entry => {
      change(Number(entry))
      count++
    },
    remove: entry => {
      change(-Number(entry))
      count--
      if (count === 0) sum = lost = 0
    },
    get result() {
      return count === 0 ? Number.NaN : finish(sum + lost, count)
    },
  }
}

/** Between the two nearest ranks in proportion (SQL's PERCENTILE_CONT): 50 is the median. */
function ranking(percentile: number): Aggregate {
  const sorted: number[] = []
  return {
    add: entry => void sorted.splice(lowerBound(sorted, Number(entry)), 0, Number(entry)),
    remove: entry => void sorted.splice(lowerBound(sorted, Number(entry)), 1),
    get result() {
      const rank = (percentile / 100) * (sorted.length - 1)
      const low = sorted[Math.floor(rank)] ?? Number.NaN
      const high = sorted[Math.ceil(rank)] ?? Number.NaN
      return low + (high - low) * (rank - Math.floor(rank))
    },
  }
}

/** The first place whose number is not below `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
