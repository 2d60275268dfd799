import { type CorrelationRule, type DetectionRule, type Level } from './ast.ts'
import { type BaselineFinding } from './baseline/rule.ts'
import { type CorrelationFinding } from './correlate/correlation.ts'
import { type Kind } from './mapping/kind.ts'
import { type HeldBack } from './suppress.ts'

/** A rule has something to say about an event: what an alert is made of. */
export interface Finding<Event> {
  readonly rule: DetectionRule | CorrelationRule
  readonly level: Level
  /** The event that completed it. */
  readonly event: Event
  readonly kind: Kind
  /** µs of event time. */
  readonly time: number
  /** Tells this finding of the rule from its others, the same in every replay. */
  readonly identity: readonly (string | number)[]
  /** Alike ones that were kept back since the last that went out. */
  readonly heldBack: HeldBack | undefined
  /** Facts of a rule with a baseline. */
  readonly baseline: BaselineFinding | undefined
  /** Facts of a correlation. */
  readonly correlation: CorrelationFinding | undefined
}

export type Emit<Event> = (finding: Finding<Event>) => void

/** A silence is over in which something was kept back, and no alert came to tell of it. */
export interface Summary {
  readonly rule: DetectionRule | CorrelationRule
  readonly level: Level
  /** What the silence was about: values of the fields of `by`. */
  readonly key: string
  readonly heldBack: HeldBack
}

/** Something about the engine itself that a person should know: becomes a sensor event. */
export interface Notice {
  readonly action: 'rule-disabled' | 'baseline-full' | 'correlation-full'
  readonly rule: DetectionRule | CorrelationRule
  /** One sentence: what happened, what it means, what to do. */
  readonly message: string
  /** µs of event time. */
  readonly time: number
}
