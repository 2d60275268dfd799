import { type Expression, type Test } from '../ast.ts'
import { costOf } from './cost.ts'
import { type Interner, type NewLeaf } from './intern.ts'
import { constant, type Node, never, type TextShape, type TextsLeaf } from './node.ts'
import { type SlotTable } from './slots.ts'

/** Turns expressions into nodes: the same meaning, cheap parts first, equal parts once. */
export function normaliser<Event>(
  interner: Interner,
  slots: SlotTable<Event>,
): (expression: Expression) => Node {
  const made = new Map<Expression, Node>()
  const normalise = (expression: Expression): Node => {
    const known = made.get(expression)
    if (known !== undefined) return known
    const node = normaliseOne(expression, normalise, { interner, slots })
    made.set(expression, node)
    return node
  }
  return normalise
}

interface Tools<Event> {
  readonly interner: Interner
  readonly slots: SlotTable<Event>
}

function normaliseOne<Event>(
  expression: Expression,
  inner: (expression: Expression) => Node,
  tools: Tools<Event>,
): Node {
  switch (expression.op) {
    case 'test':
      return leafOf(expression, tools)
    case 'selection':
      return inner(expression.item)
    case 'constant':
      return constant(expression.value)
    case 'not':
      return tools.interner.not(inner(expression.item))
    case 'and':
    case 'or':
      return joinAll(expression.op, expression.items.map(inner), tools.interner)
  }
}

/** Flat, `not`s together, texts of one field together, in the order of their cost. */
export function joinAll(op: 'and' | 'or', items: readonly Node[], interner: Interner): Node {
  const flat = items.flatMap(item => (item.op === op ? item.items : [item]))
  const plain = flat.filter(item => item.op !== 'not')
  const negated = flat.flatMap(item => (item.op === 'not' ? [item.item] : []))
  const other = op === 'and' ? 'or' : 'and'
  // not a and not b is not (a or b): one test where both look at the same field.
  const turned = negated.length > 1 ? [interner.not(joinAll(other, negated, interner))] : []
  const all = [...plain, ...(negated.length > 1 ? turned : flat.filter(item => item.op === 'not'))]
  const merged = op === 'or' ? mergeTexts(all, interner) : all
  return interner.join(op, byCost(merged))
}

function byCost(items: readonly Node[]): Node[] {
  return [...new Set(items)]
    .map(item => ({ item, cost: costOf(item), id: 'id' in item ? item.id : -1 }))
    .sort((a, b) => a.cost - b.cost || a.id - b.id)
    .map(({ item }) => item)
}

function mergeTexts(items: readonly Node[], interner: Interner): Node[] {
  const groups = new Map<string, TextsLeaf[]>()
  const rest: Node[] = []
  for (const item of items) {
    if (item.op !== 'texts') rest.push(item)
    else {
      const key = `${item.slot} ${item.shape} ${item.cased}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [item])
      else group.push(item)
    }
  }
  const merged = Array.from(groups.values(), group => {
    const [first] = group
    if (first === undefined || group.length === 1) return first ?? never
    const literals = new Set(group.flatMap(one => one.literals))
    return interner.leaf({ ...withoutId(first), literals: [...literals].sort() })
  })
  return [...merged, ...rest]
}

function withoutId({ op, slot, shape, cased, literals }: TextsLeaf) {
  return { op, slot, shape, cased, literals } as const
}

function leafOf<Event>({ field, match }: Test, { interner, slots }: Tools<Event>): Node {
  const slot = field === undefined ? slots.keywords : slots.of(field)
  if (match.kind === 'field') {
    const other = slots.of(match.other)
    if (field === undefined || slot === undefined || other === undefined) return never
    return interner.leaf({ op: 'field', slot, other, match })
  }
  if (slot === undefined) {
    return constant(match.kind === 'null' || (match.kind === 'exists' && !match.expected))
  }
  const texts = match.kind === 'text' && isShape(match.shape)
  const leaf: NewLeaf = texts
    ? { op: 'texts', slot, shape: match.shape, cased: match.cased, literals: [match.literal] }
    : { op: 'test', slot, match }
  return interner.leaf(leaf)
}

function isShape(shape: string): shape is TextShape {
  return shape !== 'any' && shape !== 'glob'
}
