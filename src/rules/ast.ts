import { type Node, type Source } from './yaml/node.ts'

/**
 * What a rule file says, checked and typed, with offsets into its source for every complaint and
 * explanation. Field names stand as written; `lower.ts` turns them into the fields of our events.
 */
export type SigmaDocument = DetectionRule | CorrelationRule | FilterRule

/** What all kinds of documents have. */
export interface Document {
  readonly source: Source
  /** Offset of the document in its file. */
  readonly offset: number
  readonly meta: Metadata
  /** Our own attributes, unchecked: from the `orthrus` key, or written `orthrus.NAME`. */
  readonly extensions: ReadonlyMap<string, Node>
}

/** A rule that looks at one event. */
export interface DetectionRule extends Document {
  readonly kind: 'detection'
  readonly logsource: Logsource
  readonly selections: ReadonlyMap<string, Selection>
  /** Alternatives: the rule matches when one does. */
  readonly conditions: readonly Condition[]
}

/** A rule over the matches of others in time. */
export interface CorrelationRule extends Document {
  readonly kind: 'correlation'
  readonly type: CorrelationType
  readonly rules: readonly Reference[]
  readonly groupBy: readonly GroupField[]
  /** Length of the sliding window in µs of event time. */
  readonly timespan: number
  readonly condition: CorrelationCondition
  readonly aliases: ReadonlyMap<string, Alias>
  /** Whether the rules it refers to alert on their own too. */
  readonly generate: boolean
}

/** A condition that is added to rules written elsewhere. */
export interface FilterRule extends Document {
  readonly kind: 'filter'
  readonly logsource: Logsource | undefined
  /** Undefined stands for every rule that the logsource covers. */
  readonly rules: readonly Reference[] | undefined
  readonly selections: ReadonlyMap<string, Selection>
  /** AND-ed to the rules as written: an exclusion says `not`. */
  readonly condition: Condition
}

export type Status = 'stable' | 'test' | 'experimental' | 'deprecated' | 'unsupported'

export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical'

export type Relation = 'derived' | 'obsolete' | 'merged' | 'renamed' | 'similar' | 'correlation'

/** The descriptive attributes. Absent ones are undefined, lists empty. */
export interface Metadata {
  readonly title: string
  readonly id: string | undefined
  readonly name: string | undefined
  readonly taxonomy: string
  readonly status: Status | undefined
  readonly level: Level | undefined
  readonly description: string | undefined
  readonly license: string | undefined
  readonly author: string | undefined
  readonly date: string | undefined
  readonly modified: string | undefined
  readonly related: readonly { readonly id: string; readonly type: Relation }[]
  readonly references: readonly string[]
  readonly tags: readonly string[]
  readonly fields: readonly string[]
  readonly falsepositives: readonly string[]
  readonly scope: readonly string[]
  /** Attributes that Sigma does not know, as they stand. */
  readonly custom: ReadonlyMap<string, Node>
}

/** A dimension that is undefined stands for any. */
export interface Logsource {
  readonly category: string | undefined
  readonly product: string | undefined
  readonly service: string | undefined
}

/** One named part of a detection. */
export interface Selection {
  readonly name: string
  readonly offset: number
  readonly expression: Expression
}

/** One condition with the selections that it names put in. */
export interface Condition {
  readonly text: string
  readonly offset: number
  readonly expression: Expression
}

/** A truth over one event. */
export type Expression =
  | { readonly op: 'and' | 'or'; readonly items: readonly Expression[] }
  | { readonly op: 'not'; readonly item: Expression }
  /** The selection of that name; means what its item means. */
  | { readonly op: 'selection'; readonly name: string; readonly item: Expression }
  | { readonly op: 'constant'; readonly value: boolean }
  | Test

/**
 * One field against one value: whether a value of the field (any member of a list) passes. An absent
 * field passes nothing but `null` and `exists: false`.
 */
export interface Test {
  readonly op: 'test'
  /** As the rule names it, or one of ours after lowering; undefined for a keyword. */
  readonly field: string | undefined
  readonly match: Match
  /** Where it is written in the rule's source. */
  readonly offset: number
}

export type Match =
  | TextMatch
  | RegexMatch
  | CidrMatch
  | CompareMatch
  | FieldMatch
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly expected: boolean }

/**
 * Text as a whole against a pattern; numbers and booleans by their text. `shape` and `literal` are
 * what `parts` come to: where `shape` is `glob`, only `parts` say it all.
 */
export interface TextMatch {
  readonly kind: 'text'
  readonly shape: 'equals' | 'startswith' | 'endswith' | 'contains' | 'any' | 'glob'
  /** The text of the shape, folded unless `cased`; of a glob its longest run of plain text. */
  readonly literal: string
  readonly parts: readonly PatternPart[]
  readonly cased: boolean
}

/** Plain text (folded unless `cased`), `*`, `?` (one code point), or one character out of several. */
export type PatternPart = string | { readonly wild: 'many' | 'one' } | { readonly oneOf: string }

/** An unanchored search in the first 4,096 characters of the text. */
export interface RegexMatch {
  readonly kind: 'regex'
  /** As in the rule, with its flags. */
  readonly source: string
  readonly flags: string
  /** Whether the regex finds something; linear in the text. Does not look at `gate`. */
  readonly test: (text: string) => boolean
  /** One of these stands in the folded text wherever the regex matches; undefined when unknown. */
  readonly gate: readonly string[] | undefined
}

/** An address in a network; `::ffff:a.b.c.d` is `a.b.c.d`. */
export interface CidrMatch {
  readonly kind: 'cidr'
  readonly text: string
  readonly family: 4 | 6
  /** Signed 32-bit words in network order; IPv4 in the first. */
  readonly words: readonly [number, number, number, number]
  readonly prefix: number
}

export type Comparison = 'lt' | 'lte' | 'gt' | 'gte' | 'eq'

export type DatePart = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

/** A number, or with `part` a piece of a date, against a number. */
export interface CompareMatch {
  readonly kind: 'compare'
  readonly comparison: Comparison
  readonly value: number
  readonly part: DatePart | undefined
}

/** One field against another of the same event, as texts. */
export interface FieldMatch {
  readonly kind: 'field'
  /** As the rule names it, or one of ours after lowering. */
  readonly other: string
  readonly shape: 'equals' | 'startswith' | 'endswith' | 'contains'
  readonly cased: boolean
}

export type CorrelationType =
  | 'event_count'
  | 'value_count'
  | 'temporal'
  | 'temporal_ordered'
  | 'value_sum'
  | 'value_avg'
  | 'value_percentile'
  | 'value_median'

/** A rule by its id or name, and where that is written. */
export interface Reference {
  readonly name: string
  readonly offset: number
}

/** A field, or the name of an alias. */
export interface GroupField {
  readonly name: string
  readonly offset: number
}

/** One name for different fields: rule (id or name) to its field. */
export interface Alias {
  readonly name: string
  readonly offset: number
  readonly fields: ReadonlyMap<string, string>
}

/** How many, or of temporal correlations also which. */
export type CorrelationCondition =
  | {
      readonly kind: 'threshold'
      /** AND-ed. */
      readonly comparisons: readonly Threshold[]
      /** Of the value types: the fields; several make a tuple. */
      readonly fields: readonly string[]
      /** Of `value_percentile`: 0 to 100. */
      readonly percentile: number | undefined
    }
  | { readonly kind: 'expression'; readonly text: string; readonly expression: ReferenceExpression }

export interface Threshold {
  readonly comparison: Comparison | 'neq'
  readonly value: number
}

/** A truth over which rules have matched in a window. */
export type ReferenceExpression =
  | { readonly op: 'and' | 'or'; readonly items: readonly ReferenceExpression[] }
  | { readonly op: 'not'; readonly item: ReferenceExpression }
  | { readonly op: 'rule'; readonly name: string; readonly offset: number }
