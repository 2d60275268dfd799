import { MemoryBaselineStore } from '../baseline/memory-store.ts'
import { type BaselineStore } from '../baseline/store.ts'
import { type Plan } from './admission/admit.ts'
import { type Program } from './admission/program.ts'
import { type Admission } from './admission/report.ts'
import { KeyTexts } from './baseline/key.ts'
import { makeUnits } from './compile-set.ts'
import { type CorrelationLimits } from './correlate/correlation.ts'
import { type BudgetOptions, type Cost } from './engine/budget.ts'
import { type EngineCounts, indexed } from './engine/indexed.ts'
import { fullScan, type Matcher } from './evaluate/full-scan.ts'
import { EventFields } from './event-fields.ts'
import { type RuleFault } from './fault.ts'
import { type FieldReader } from './fields.ts'
import { type Emit, type Notice, type Summary } from './finding.ts'
import { type Kind } from './mapping/kind.ts'
import { MatchFlow } from './match-flow.ts'
import { compareUnits, goOn, type ReloadReport } from './reload.ts'
import { exportState, importState, type RuleState } from './state.ts'
import { type SuppressDefinition } from './suppress.ts'
import { type Unit } from './unit.ts'
import { unoptimised } from './unoptimised.ts'

/** What rules need to know about events. */
export interface RuleSetOptions<Event> {
  readonly readerOf: (kind: Kind) => FieldReader<Event>
  /** The kind of an event; undefined for events that no rule looks at. */
  readonly kindOf: (event: Event) => Kind | undefined
  /** µs since the Unix epoch. */
  readonly timeOf: (event: Event) => number
  /** false asks every rule of every event: the reference. */
  readonly index?: boolean
  readonly functions?: 'generated' | 'closures'
  /** Where baselines are remembered; in memory without it. */
  readonly baselines?: BaselineStore
  /** Instead of every learning period (µs); 0 alerts from the first event. */
  readonly learn?: number | undefined
  /** For rules that say nothing; an hour for each `source.ip`. */
  readonly suppress?: SuppressDefinition
  readonly limits?: Partial<CorrelationLimits>
  /** Without one no rule is ever disabled: what a replay needs to be the same every time. */
  readonly budget?: BudgetOptions
  readonly onNotice?: (notice: Notice) => void
}

/** Rules at work on a stream of events. */
export interface RuleSet<Event> {
  /** How many rules and correlations run. */
  readonly size: number
  /** Faults of the set and of our attributes. */
  readonly faults: readonly RuleFault[]
  readonly report: readonly Admission[]
  readonly counts: EngineCounts
  readonly units: readonly Unit[]
  /** Shows the event to all rules; `emit` is called for each alert that comes of it, before it returns. */
  evaluate(event: Event, emit: Emit<Event>): void
  /** Event time (µs) has come so far, also without events: silences end. */
  advance(time: number, summarise?: (summary: Summary) => void): void
  /**
   * Takes the place of the set before, between two batches: goes on with the windows and silences of
   * rules that did not change, and says which did.
   */
  replace(previous: RuleSet<Event>): ReloadReport
  /** Windows and silences as plain JSON, for a restart. */
  exportState(): RuleState
  /** Goes on from there; returns how many rules were not found unchanged. */
  importState(state: RuleState): number
}

const defaults = {
  limits: { groups: 10_000, entriesPerGroup: 10_000 },
  suppress: { by: ['source.ip'], for: 3_600_000_000 },
} as const

/** Compiles what of a plan runs. */
export function compileRules<Event>(plan: Plan, options: RuleSetOptions<Event>): RuleSet<Event> {
  const store = options.baselines ?? new MemoryBaselineStore()
  const limits = { ...defaults.limits, ...options.limits }
  const suppress = options.suppress ?? defaults.suppress
  const { units, correlations } = makeUnits(plan, limits, {
    baselines: { store, keys: new KeyTexts() },
    suppress,
    learn: options.learn,
  })
  const fields = new EventFields(options.readerOf)
  const flow = new MatchFlow(units, fields, store, options.onNotice)
  const matcher = unoptimised(() =>
    matcherOf(plan, options, (rule, cost) => flow.disabled(rule, cost)),
  )
  const { kindOf, timeOf } = options
  const found = ({ linked }: Program) => flow.matched(linked.rule)
  const all = [...units.values()]
  return {
    size: units.size,
    faults: plan.set.faults,
    report: plan.report,
    units: all,
    get counts() {
      return 'counts' in matcher ? (matcher.counts as EngineCounts) : noCounts
    },
    evaluate: (event, emit) => {
      const kind = kindOf(event)
      if (kind === undefined) return
      flow.begin(event, kind, timeOf(event), emit)
      try {
        matcher.match(kind, event, found)
      } finally {
        flow.end()
      }
    },
    advance: (time, summarise) => flow.advance(time, summarise),
    replace: previous => {
      const report = compareUnits(previous.units, all)
      goOn(previous.units, all, correlations)
      return report
    },
    exportState: () => exportState(all, correlations),
    importState: state => importState(state, all, correlations),
  }
}

const noCounts: EngineCounts = { events: 0, candidates: 0, matches: 0 }

function matcherOf<Event>(
  { programs }: Plan,
  { readerOf, index = true, functions, budget }: RuleSetOptions<Event>,
  disabled: (rule: Parameters<MatchFlow<Event>['disabled']>[0], cost: Cost) => void,
): Matcher<Event> {
  if (!index) return fullScan(programs, readerOf)
  return indexed(programs, readerOf, {
    ...(functions && { functions }),
    budget,
    onDisabled: ({ linked }, cost) => disabled(linked.rule, cost),
  })
}
