import { type Expression } from '../ast.ts'

/** Names of the selections (and filters) in an expression. */
export function selectionNames(expression: Expression): readonly string[] {
  const names = new Set<string>()
  const seen = new Set<Expression>()
  const visit = (one: Expression) => {
    if (seen.has(one)) return
    seen.add(one)
    if (one.op === 'selection') names.add(one.name)
    // What is inside a selection goes with it.
    else if (one.op === 'not') visit(one.item)
    else if (one.op === 'and' || one.op === 'or') one.items.forEach(visit)
  }
  visit(expression)
  return [...names]
}

/** The expression as if the condition did not mention that selection; true when nothing is left. */
export function withoutSelection(expression: Expression, name: string): Expression {
  return drop(expression, name) ?? { op: 'constant', value: true }
}

function drop(expression: Expression, name: string): Expression | undefined {
  switch (expression.op) {
    case 'selection':
      return expression.name === name ? undefined : expression
    case 'not': {
      const item = drop(expression.item, name)
      return item && { op: 'not', item }
    }
    case 'and':
    case 'or': {
      const items = expression.items.flatMap(item => drop(item, name) ?? [])
      const [only] = items
      return items.length > 1 ? { op: expression.op, items } : only
    }
    default:
      return expression
  }
}
