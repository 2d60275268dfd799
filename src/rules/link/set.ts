import { type CorrelationRule, type DetectionRule, type FilterRule } from '../ast.ts'
import { type RuleFault } from '../fault.ts'
import { type InvalidDocument } from '../parse/document.ts'

/** A detection with the filters that are added to it. */
export interface LinkedRule {
  readonly rule: DetectionRule
  readonly filters: readonly FilterRule[]
  /** Whether its matches are alerts; else only correlations look at them. */
  readonly alerts: boolean
}

/** A correlation and the rules it speaks of, in its order. */
export interface LinkedCorrelation {
  readonly rule: CorrelationRule
  readonly targets: readonly (DetectionRule | CorrelationRule)[]
  readonly alerts: boolean
}

/** All documents of a set with their references resolved. */
export interface RuleSet {
  readonly rules: readonly LinkedRule[]
  /** Each after those it refers to. */
  readonly correlations: readonly LinkedCorrelation[]
  readonly filters: readonly FilterRule[]
  readonly invalid: readonly InvalidDocument[]
  readonly faults: readonly RuleFault[]
}
