import { type Correlation } from './correlate/correlation.ts'
import { type Unit } from './unit.ts'

/** Keys of rules (id, else name, else title) that a reload brought, took away, or found otherwise. */
export interface ReloadReport {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  readonly unchanged: number
}

/** What is different between two sets. */
export function compareUnits(before: readonly Unit[], now: readonly Unit[]): ReloadReport {
  const old = new Map(before.map(unit => [unit.key, unit]))
  const names = new Set(now.map(({ key }) => key))
  const common = now.filter(({ key }) => old.has(key))
  const changed = common.filter(unit => old.get(unit.key)?.hash() !== unit.hash())
  return {
    added: now.filter(({ key }) => !old.has(key)).map(({ key }) => key),
    removed: before.filter(({ key }) => !names.has(key)).map(({ key }) => key),
    changed: changed.map(({ key }) => key),
    unchanged: common.length - changed.length,
  }
}

/** Goes on with the windows and silences of rules that did not change. */
export function goOn(
  before: readonly Unit[],
  now: readonly Unit[],
  correlations: readonly Correlation[],
): void {
  const old = new Map(before.map(unit => [unit.key, unit]))
  const known = new Map(
    before.flatMap(({ listeners }) => listeners.map(one => [one.rule, one] as const)),
  )
  const own = new Map(correlations.map(one => [one.rule, one] as const))
  for (const unit of now) {
    const previous = old.get(unit.key)
    if (previous === undefined || previous.hash() !== unit.hash()) continue
    unit.suppressor = previous.suppressor
    for (const text of previous.told) unit.told.add(text)
    if (unit.rule.kind !== 'correlation' || previous.rule.kind !== 'correlation') continue
    const state = known.get(previous.rule)
    if (state !== undefined) own.get(unit.rule)?.adopt(state)
  }
}
