import { type CorrelationRule } from '../ast.ts'
import { passes } from '../threshold.ts'
import { aggregateOf, type Entry } from './aggregate.ts'
import { type Judgement, temporalTest } from './condition.ts'
import { Sequence } from './sequence.ts'
import { SlidingWindow, type WindowRecord } from './window.ts'

/** One match that reaches a group. */
export interface Arrival {
  /** Positions of the rule in the correlation's list. */
  readonly positions: readonly number[]
  readonly time: number
  /** Number of the event. */
  readonly sequence: number
  readonly entry: Entry
}

/** The window of one group, whatever is counted in it. */
export interface Group {
  /** Takes an arrival; `late` and `cut` are for the counters. */
  add(arrival: Arrival): 'added' | 'late' | 'twice' | 'cut'
  judge(): Judgement
  readonly first: number
  readonly last: number
  readonly size: number
  export(): readonly WindowRecord[] | readonly (readonly (readonly [number, number])[])[]
  import(records: ReturnType<Group['export']>): void
}

/** Makes the groups of a correlation; `limit` entries each. */
export function groupFactory(rule: CorrelationRule, limit: number): () => Group {
  const aggregate = aggregateOf(rule)
  if (aggregate === undefined) return () => temporalGroup(rule)
  const comparisons = rule.condition.kind === 'threshold' ? rule.condition.comparisons : []
  const wanted = Math.max(0, ...comparisons.map(({ value }) => value))
  // A count that is asked for must fit.
  const most = rule.type.endsWith('_count') ? Math.max(limit, Math.min(wanted + 1, 1e6)) : limit
  return () => {
    const window = new SlidingWindow(rule.timespan, most, aggregate())
    return {
      add: ({ time, sequence, entry }) => window.add(time, sequence, entry),
      judge: () => ({ fires: passes(comparisons, window.result), count: window.result }),
      get first() {
        return window.first
      },
      get last() {
        return window.last
      },
      get size() {
        return window.size
      },
      export: () => window.export(),
      import: records => {
        for (const [time, sequence, entry] of records as readonly WindowRecord[]) {
          window.add(time, sequence, entry ?? undefined)
        }
      },
    }
  }
}

function temporalGroup(rule: CorrelationRule): Group {
  const sequence = new Sequence(rule.timespan, rule.rules.length)
  const test = temporalTest(rule)
  return {
    add: ({ positions, time, sequence: event }) => {
      const added = positions.map(position => sequence.add(position, time, event))
      return added.includes(true) ? 'added' : 'late'
    },
    judge: () => test(sequence),
    get first() {
      return sequence.first
    },
    get last() {
      return sequence.last
    },
    get size() {
      return sequence.size
    },
    export: () => sequence.moments,
    import: records => {
      for (const [position, list] of (
        records as readonly (readonly [number, number])[][]
      ).entries()) {
        for (const [time, event] of list) sequence.add(position, time, event)
      }
    },
  }
}
