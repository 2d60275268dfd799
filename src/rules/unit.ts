import { type CorrelationRule, type DetectionRule, type Level } from './ast.ts'
import { type BaselineDefinition, parseBaseline } from './baseline/definition.ts'
import { type BaselineParts, BaselineRule } from './baseline/rule.ts'
import { baselineHash, ruleKey } from './content-hash.ts'
import { type Correlation } from './correlate/correlation.ts'
import { keyText, type Subject } from './correlate/subject.ts'
import { Faults, type RuleFault } from './fault.ts'
import { type LinkedRule } from './link/set.ts'
import { parseSuppress, type SuppressDefinition, Suppressor } from './suppress.ts'

/** A rule at work: what happens when it matches. */
export interface Unit {
  readonly rule: DetectionRule | CorrelationRule
  readonly key: string
  readonly level: Level
  readonly alerts: boolean
  readonly baseline: BaselineRule | undefined
  /** Fields whose values make the silence; undefined for those of the finding itself. */
  readonly by: readonly string[] | undefined
  suppressor: Suppressor
  /** Correlations that look at its matches. */
  readonly listeners: Correlation[]
  /** Of the state that it may go on with; made when it is asked for. */
  readonly hash: () => string
  /** What has been told about it already. */
  readonly told: Set<string>
}

/** Our attributes of a rule, checked. */
export interface Extensions {
  readonly baseline: BaselineDefinition | undefined
  readonly suppress: SuppressDefinition | undefined
  readonly faults: readonly RuleFault[]
}

/** Reads `orthrus.baseline` and `orthrus.suppress` of a rule. */
export function extensionsOf(rule: DetectionRule | CorrelationRule): Extensions {
  const faults = new Faults(rule.source)
  const baselineNode = rule.extensions.get('baseline')
  const suppressNode = rule.extensions.get('suppress')
  if (baselineNode !== undefined && rule.kind === 'correlation') {
    faults.error(
      baselineNode.offset,
      '`orthrus.baseline` belongs to a rule with `detection`; a correlation may refer to that rule',
    )
  }
  return {
    baseline: baselineNode && parseBaseline(baselineNode, faults),
    suppress: suppressNode && parseSuppress(suppressNode, faults),
    faults: faults.list,
  }
}

/** Sigma leaves the level open; a rule without one is neither harmless nor urgent. */
const ordinary: Level = 'medium'

export interface UnitOptions {
  readonly baselines: BaselineParts
  /** Of rules that look at one event and say nothing themselves. */
  readonly suppress: SuppressDefinition
  /** Instead of every learning period (µs). */
  readonly learn: number | undefined
}

/** The unit of a detection. */
export function detectionUnit(
  linked: LinkedRule,
  { baseline, suppress }: Extensions,
  hash: () => string,
  options: UnitOptions,
): Unit {
  const { rule, alerts } = linked
  const made = baseline && openBaseline(linked, baseline, options)
  const own = baseline && { by: undefined, for: baseline.suppress }
  const quiet = suppress ?? own ?? options.suppress
  return {
    ...common(rule, hash),
    level: baseline?.level ?? rule.meta.level ?? ordinary,
    alerts,
    baseline: made,
    by: quiet.by,
    suppressor: new Suppressor(quiet.for),
  }
}

/** The unit of a correlation: its window keeps it quiet where it says nothing itself. */
export function correlationUnit(
  { rule, alerts }: Correlation,
  { suppress }: Extensions,
  hash: () => string,
): Unit {
  return {
    ...common(rule, hash),
    level: rule.meta.level ?? ordinary,
    alerts,
    baseline: undefined,
    by: suppress?.by,
    suppressor: new Suppressor(suppress?.for ?? 0),
  }
}

function common(rule: DetectionRule | CorrelationRule, hash: () => string) {
  return {
    rule,
    key: ruleKey(rule),
    listeners: [],
    told: new Set<string>(),
    hash: remembered(hash),
  }
}

function openBaseline(
  linked: LinkedRule,
  given: BaselineDefinition,
  { baselines, learn }: UnitOptions,
): BaselineRule {
  const history = { events: 0, values: 0, days: 0 }
  const definition = learn === undefined ? given : { ...given, learn, history }
  const { entity, value, normalise } = definition
  const hash = baselineHash(linked, entity, value, normalise.name)
  const { taxonomy } = linked.rule.meta
  return new BaselineRule(definition, { id: ruleKey(linked.rule), hash }, taxonomy, baselines)
}

/** The key of a silence: what the fields hold, null where they are absent. */
export function silenceKey(fields: readonly string[], subject: Subject, taxonomy: string): string {
  return JSON.stringify(fields.map(field => keyText(subject.value(field, taxonomy)) ?? null))
}

function remembered(make: () => string): () => string {
  let made: string | undefined
  return () => {
    made ??= make()
    return made
  }
}
