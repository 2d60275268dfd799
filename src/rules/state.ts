import { type Correlation, type GroupRecord } from './correlate/correlation.ts'
import { type QuietRecord } from './suppress.ts'
import { type Unit } from './unit.ts'

/** What one rule remembers besides its baseline. */
export interface UnitState {
  readonly key: string
  readonly hash: string
  readonly quiet: readonly QuietRecord[]
  readonly groups: readonly GroupRecord[]
}

/** Windows and silences of a set, as plain JSON. */
export interface RuleState {
  readonly version: 1
  readonly units: readonly UnitState[]
}

/** What there is to remember; rules without anything are left out. */
export function exportState(
  units: readonly Unit[],
  correlations: readonly Correlation[],
): RuleState {
  const own = new Map(correlations.map(one => [one.rule, one] as const))
  const states = units.flatMap(({ key, hash, suppressor, rule }) => {
    const quiet = suppressor.export()
    const groups = rule.kind === 'correlation' ? (own.get(rule)?.export() ?? []) : []
    return quiet.length + groups.length === 0 ? [] : [{ key, hash: hash(), quiet, groups }]
  })
  return { version: 1, units: states }
}

/** Goes on from there; what belongs to a rule that changed is left out and counted. */
export function importState(
  state: RuleState,
  units: readonly Unit[],
  correlations: readonly Correlation[],
): number {
  const known = new Map(units.map(unit => [unit.key, unit]))
  const own = new Map(correlations.map(one => [one.rule, one] as const))
  let left = 0
  for (const { key, hash, quiet, groups } of state.units) {
    const unit = known.get(key)
    if (unit === undefined || unit.hash() !== hash) {
      left++
      continue
    }
    unit.suppressor.import(quiet)
    if (unit.rule.kind === 'correlation') own.get(unit.rule)?.import(groups)
  }
  return left
}
