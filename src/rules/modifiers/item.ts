import { type Expression } from '../ast.ts'
import { type Faults, quote } from '../fault.ts'
import { parsePattern } from '../pattern/parts.ts'
import { type Node, type ScalarNode } from '../yaml/node.ts'
import { chainOf } from './chain.ts'
import { finish } from './finish.ts'
import { modifiers } from './index.ts'
import { type Chain, type Operand } from './operand.ts'
import { expandPlaceholders, type Placeholders } from './placeholders.ts'

/** A detection item as it stands: `field|modifier|…: value`, or values without a field. */
export interface Item {
  /** The key, `''` for plain keywords. */
  readonly key: string
  readonly offset: number
  readonly value: Node
}

/** The expression of one item; undefined with faults where it is not one. */
export function itemExpression(
  item: Item,
  faults: Faults,
  placeholders: Placeholders,
): Expression | undefined {
  const chain = chainOf(item.key, item.offset, faults)
  const values = valuesOf(item, faults)
  if (chain === undefined || values === undefined) return undefined
  for (const name of chain.names) modifiers.get(name)?.chain?.(chain)
  if (chain.all && values.length === 1) {
    faults.warn(item.offset, '`all` has no effect on a single value')
  }
  const items = values.map(value => valueExpression(value, chain, placeholders))
  const made = items.filter(one => one !== undefined)
  if (made.length < items.length) return undefined
  const joined = joinedBy(chain.all ? 'and' : 'or', made)
  return chain.negated ? { op: 'not', item: joined } : joined
}

function valuesOf({ key, offset, value }: Item, faults: Faults): ScalarNode[] | undefined {
  if (value.type === 'scalar') return [value]
  if (value.type === 'map') {
    return faults.error(value.offset, `${quote(key)} takes a value or a list of values, not a map`)
  }
  if (value.items.length === 0) {
    faults.warn(offset, `the empty list of ${quote(key)} is read as null`)
    return [{ type: 'scalar', value: null, text: '', offset: value.offset }]
  }
  const scalars = value.items.filter(item => item.type === 'scalar')
  const other = value.items.find(item => item.type !== 'scalar')
  if (other !== undefined)
    return faults.error(other.offset, `a list of ${quote(key)} holds values only`)
  if (scalars.length > 1 && scalars.some(item => item.value === null)) {
    faults.warn(offset, `null in the list of ${quote(key)}: matches the absent field too`)
  }
  return scalars
}

function valueExpression(
  value: ScalarNode,
  chain: Chain,
  placeholders: Placeholders,
): Expression | undefined {
  const expanded = chain.names.includes('expand')
    ? expandPlaceholders(value, placeholders, chain)
    : [value]
  const tests = expanded?.map(one => scalarExpression(one, chain))
  if (tests === undefined || tests.includes(undefined)) return undefined
  return joinedBy(
    'or',
    tests.filter(one => one !== undefined),
  )
}

function scalarExpression(value: ScalarNode, chain: Chain): Expression | undefined {
  let operands: readonly Operand[] | undefined = [start(value)]
  for (const name of chain.names) {
    const modifier = modifiers.get(name)
    if (modifier?.value === undefined) continue
    const next: (readonly Operand[] | undefined)[] = operands.map(one =>
      modifier.value?.(one, value, chain),
    )
    if (next.includes(undefined)) return undefined
    operands = next.flatMap(one => one ?? [])
  }
  if (chain.field === undefined && value.value === null) {
    return chain.faults.error(value.offset, 'null is no keyword')
  }
  const matches = operands.map(operand => finish(operand, value, chain))
  const tests = matches.flatMap<Expression>(match =>
    match === undefined ? [] : [{ op: 'test', field: chain.field, match, offset: value.offset }],
  )
  return tests.length < matches.length ? undefined : joinedBy('or', tests)
}

function start(value: ScalarNode): Operand {
  if (value.value === null) return { type: 'null' }
  return { type: 'text', pattern: parsePattern(textOf(value)), encoding: undefined }
}

/** A number as JavaScript writes it, unless that would lose digits. */
function textOf({ value, text }: ScalarNode): string {
  if (typeof value !== 'number') return typeof value === 'boolean' ? String(value) : text
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : String(value)
}

function joinedBy(op: 'and' | 'or', items: readonly Expression[]): Expression {
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { op, items }
}
