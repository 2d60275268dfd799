import { type Comparison, type DatePart, type TextMatch } from '../ast.ts'
import { type Faults } from '../fault.ts'
import { type Encoding } from '../pattern/encode.ts'
import { type Pattern } from '../pattern/parts.ts'
import { type ScalarNode } from '../yaml/node.ts'

/** What a value has become on its way through the modifiers. */
export type Operand =
  /** `encoding` when the text still waits for Base64; its bytes are those of the pattern. */
  | { readonly type: 'text'; readonly pattern: Pattern; readonly encoding: Encoding | undefined }
  | { readonly type: 'null' }
  | { readonly type: 'exists'; readonly expected: boolean }
  | {
      readonly type: 'regex'
      readonly source: string
      readonly anchors: ReadonlySet<'start' | 'end'>
    }
  | { readonly type: 'cidr'; readonly text: string }
  | {
      readonly type: 'compare'
      readonly comparison: Comparison
      readonly value: number
      readonly part: DatePart | undefined
    }
  | { readonly type: 'field'; readonly other: string; readonly shape: Shape }

export type Shape = Exclude<TextMatch['shape'], 'any' | 'glob'>

/** One item on its way: its values, each with the alternatives it has become. */
export interface Chain {
  readonly faults: Faults
  /** Offset of the item's key. */
  readonly offset: number
  readonly field: string | undefined
  readonly names: readonly string[]
  all: boolean
  negated: boolean
  cased: boolean
  readonly flags: { i: boolean; m: boolean; s: boolean }
}

/** One modifier: changes the chain once, then each alternative of each value. */
export interface Modifier {
  /** Modifiers of one group exclude each other. */
  readonly group?: string
  /** It must be the first of those that change values. */
  readonly first?: true
  chain?(chain: Chain): void
  /** Undefined after a fault. */
  value?(operand: Operand, value: ScalarNode, chain: Chain): readonly Operand[] | undefined
}
