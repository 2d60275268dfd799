import { type FieldMatch, type Match } from '../ast.ts'

/**
 * An expression in normal form: equal ones are one object, tests of one field side by side are one
 * test, `id`s count up from the leaves.
 */
export type Node = Constant | Inner | Leaf

export interface Constant {
  readonly op: 'constant'
  readonly value: boolean
}

export type Inner =
  | (Numbered & { readonly op: 'and' | 'or'; readonly items: readonly Node[] })
  | (Numbered & { readonly op: 'not'; readonly item: Node })

interface Numbered {
  readonly id: number
  /** About how long it takes to evaluate, in units of a comparison of texts. */
  readonly cost: number
}

export type Leaf = TextsLeaf | PlainLeaf | FieldLeaf

export type TextShape = 'equals' | 'startswith' | 'endswith' | 'contains'

/** A text that stands to one of the literals as `shape` says. */
export interface TextsLeaf extends Numbered {
  readonly op: 'texts'
  readonly slot: number
  readonly shape: TextShape
  readonly cased: boolean
  readonly literals: readonly string[]
}

/** Any other test of one field. */
export interface PlainLeaf extends Numbered {
  readonly op: 'test'
  readonly slot: number
  readonly match: Exclude<Match, FieldMatch>
}

export interface FieldLeaf extends Numbered {
  readonly op: 'field'
  readonly slot: number
  readonly other: number
  readonly match: FieldMatch
}

export const always: Constant = { op: 'constant', value: true }
export const never: Constant = { op: 'constant', value: false }

export function constant(value: boolean): Constant {
  return value ? always : never
}

export function isLeaf(node: Node): node is Leaf {
  return node.op === 'texts' || node.op === 'test' || node.op === 'field'
}

export function itemsOf(node: Node): readonly Node[] {
  if (node.op === 'not') return [node.item]
  return node.op === 'and' || node.op === 'or' ? node.items : []
}
