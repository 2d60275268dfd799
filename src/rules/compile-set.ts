import { type Plan } from './admission/admit.ts'
import { type CorrelationRule, type DetectionRule } from './ast.ts'
import { correlationHash, ruleHash } from './content-hash.ts'
import { Correlation, type CorrelationLimits } from './correlate/correlation.ts'
import {
  correlationUnit,
  detectionUnit,
  type Extensions,
  extensionsOf,
  type Unit,
  type UnitOptions,
} from './unit.ts'

type AnyRule = DetectionRule | CorrelationRule

/** The rules of a plan at work, without what looks at events. */
export interface Units {
  readonly units: ReadonlyMap<AnyRule, Unit>
  readonly correlations: readonly Correlation[]
}

/** Makes the units of all rules that run, each correlation after its targets. */
export function makeUnits(plan: Plan, limits: CorrelationLimits, options: UnitOptions): Units {
  const units = new Map<AnyRule, Unit>()
  const hashOf = (rule: AnyRule) => units.get(rule)?.hash() ?? ''
  const checked = (rule: AnyRule): Extensions | undefined => {
    const extensions = extensionsOf(rule)
    return extensions.faults.some(({ severity }) => severity === 'error') ? undefined : extensions
  }
  const running = new Set(plan.programs.map(program => program.linked))
  for (const linked of plan.set.rules) {
    const extensions = checked(linked.rule)
    if (extensions === undefined || !running.has(linked)) continue
    units.set(
      linked.rule,
      detectionUnit(linked, extensions, () => ruleHash(linked), options),
    )
  }
  const correlations: Correlation[] = []
  for (const linked of plan.correlations) {
    const extensions = checked(linked.rule)
    if (extensions === undefined) continue
    const correlation = new Correlation(linked, limits)
    const hash = () => correlationHash(linked, hashOf)
    units.set(linked.rule, correlationUnit(correlation, extensions, hash))
    for (const target of correlation.targets) units.get(target)?.listeners.push(correlation)
    correlations.push(correlation)
  }
  return { units, correlations }
}
