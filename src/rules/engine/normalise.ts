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
    case 'or': {
      const texts = textsOf(expression.items, tools.slots)
      if (texts !== undefined) return tools.interner.leaf(texts)
      return joinAll('or', expression.items.map(inner), tools.interner)
    }
    case 'and':
      return joinAll('and', expression.items.map(inner), tools.interner)
  }
}

/** The texts of a list under one field, as most lists are: one leaf, without one for each first. */
function textsOf<Event>(
  items: readonly Expression[],
  slots: SlotTable<Event>,
): NewLeaf | undefined {
  const [first] = items
  const leaf = first?.op === 'test' ? textLeaf(first, slotOf(first.field, slots)) : undefined
  if (first?.op !== 'test' || leaf === undefined) return undefined
  const literals = new Set<string>()
  for (const item of items) {
    if (item.op !== 'test' || item.field !== first.field) return undefined
    const { match } = item
    if (match.kind !== 'text' || match.shape !== leaf.shape || match.cased !== leaf.cased) {
      return undefined
    }
    literals.add(match.literal)
  }
  return { ...leaf, literals: [...literals].sort() }
}

function slotOf<Event>(field: string | undefined, slots: SlotTable<Event>): number | undefined {
  return field === undefined ? slots.keywords : slots.of(field)
}

function textLeaf({ match }: Test, slot: number | undefined) {
  if (slot === undefined || match.kind !== 'text' || !isShape(match.shape)) return undefined
  const { shape, cased, literal } = match
  return { op: 'texts', slot, shape, cased, literals: [literal] } as const
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
  return [...new Set(items)].sort((a, b) => costOf(a) - costOf(b) || idOf(a) - idOf(b))
}

function idOf(node: Node): number {
  return node.op === 'constant' ? -1 : node.id
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

function leafOf<Event>(test: Test, { interner, slots }: Tools<Event>): Node {
  const { field, match } = test
  const slot = slotOf(field, slots)
  if (match.kind === 'field') {
    const other = slots.of(match.other)
    if (field === undefined || slot === undefined || other === undefined) return never
    return interner.leaf({ op: 'field', slot, other, match })
  }
  if (slot === undefined) {
    return constant(match.kind === 'null' || (match.kind === 'exists' && !match.expected))
  }
  return interner.leaf(textLeaf(test, slot) ?? { op: 'test', slot, match })
}

function isShape(shape: string): shape is TextShape {
  return shape !== 'any' && shape !== 'glob'
}
