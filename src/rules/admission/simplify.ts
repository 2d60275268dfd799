import { type Expression, type Test } from '../ast.ts'
import { isProduced } from '../mapping/catalogue.ts'
import { type Kind } from '../mapping/kind.ts'

/** An expression without what can never be true or false, and what was lost with it. */
export interface Simplified {
  readonly expression: Expression
  /** Fields that are never there and are asked for: an alternative less, or all is lost. */
  readonly lost: ReadonlySet<string>
  /** Fields that are never there and would exclude: it matches more than it should. */
  readonly weakened: ReadonlySet<string>
  /** Fields that are never there, and whose absence would exclude. */
  readonly excluded: ReadonlySet<string>
}

/** Takes the tests of fields that events of this kind never have for what they always answer. */
export function simplify(expression: Expression, kind: Kind): Simplified {
  const lost = new Set<string>()
  const weakened = new Set<string>()
  const excluded = new Set<string>()
  const simple = walk(expression, { kind, lost, weakened, excluded }, false)
  return { expression: simple, lost, weakened, excluded }
}

interface Walk {
  readonly kind: Kind
  readonly lost: Set<string>
  readonly weakened: Set<string>
  readonly excluded: Set<string>
}

function walk(expression: Expression, state: Walk, negated: boolean): Expression {
  switch (expression.op) {
    case 'test':
      return simplifyTest(expression, state, negated)
    case 'constant':
      return expression
    case 'selection': {
      const item = walk(expression.item, state, negated)
      if (item === expression.item) return expression
      return item.op === 'constant' ? item : { ...expression, item }
    }
    case 'not': {
      const item = walk(expression.item, state, !negated)
      if (item === expression.item) return expression
      return item.op === 'constant' ? { op: 'constant', value: !item.value } : { op: 'not', item }
    }
    case 'and':
    case 'or':
      return simplifyMany(expression, state, negated)
  }
}

function simplifyMany(
  expression: Expression & { op: 'and' | 'or' },
  state: Walk,
  negated: boolean,
): Expression {
  const { op, items } = expression
  const decides = op === 'or'
  const walked = items.map(item => walk(item, state, negated))
  if (items.length > 1 && walked.every((item, index) => isSame(item, items[index]))) {
    return expression
  }
  const open = walked.filter(item => item.op !== 'constant')
  const decided = walked.some(item => item.op === 'constant' && item.value === decides)
  if (decided || open.length === 0) {
    return { op: 'constant', value: decided ? decides : !decides }
  }
  const [only] = open
  return open.length === 1 && only !== undefined ? only : { op, items: open }
}

function isSame(item: Expression, before: Expression | undefined): boolean {
  return item === before && item.op !== 'constant'
}

function simplifyTest(test: Test, state: Walk, negated: boolean): Expression {
  const { kind, lost, weakened, excluded } = state
  const missing = missingFields(test, kind)
  if (missing.length === 0) return test
  const { match } = test
  const answer = match.kind === 'null' || (match.kind === 'exists' && !match.expected)
  // To be absent is what is asked for here: nothing is lost; to exclude that may exclude everything.
  const set = answer ? (negated ? excluded : undefined) : negated ? weakened : lost
  for (const field of missing) set?.add(field)
  return { op: 'constant', value: answer }
}

function missingFields({ field, match }: Test, kind: Kind): string[] {
  const fields = [field, match.kind === 'field' ? match.other : undefined]
  return fields.filter(one => one !== undefined && !isProduced(kind, one)) as string[]
}
