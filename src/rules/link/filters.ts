import { type DetectionRule, type FilterRule, type Logsource } from '../ast.ts'

/** Filters that name the rule (or every rule) and whose logsource contains the rule's. */
export function filtersOf(rule: DetectionRule, filters: readonly FilterRule[]): FilterRule[] {
  const { id, name } = rule.meta
  return filters.filter(filter => {
    const named = filter.rules?.some(one => one.name === id || one.name === name) ?? true
    return named && contains(filter.logsource, rule.logsource)
  })
}

/** Every dimension that the outer one sets is the same in the inner one. */
function contains(outer: Logsource | undefined, inner: Logsource): boolean {
  if (outer === undefined) return true
  const dimensions = ['category', 'product', 'service'] as const
  return dimensions.every(name => outer[name] === undefined || outer[name] === inner[name])
}
