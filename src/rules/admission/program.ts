import { type Expression } from '../ast.ts'
import { type LinkedRule } from '../link/set.ts'
import { lowerExpression } from '../lower.ts'
import { type Kind } from '../mapping/kind.ts'
import { simplify } from './simplify.ts'

/** A rule for one kind of event: what engines compile. */
export interface Program {
  readonly linked: LinkedRule
  readonly kind: Kind
  /** Over our fields, filters added, without parts that cannot matter. */
  readonly expression: Expression
}

/** The same before parts that cannot matter are taken out: for explanations and tests. */
export function wholeExpression({ rule, filters }: LinkedRule, kind: Kind): Expression {
  const alternatives = rule.conditions.map(({ expression }) =>
    lowerExpression(expression, rule.meta.taxonomy, kind),
  )
  const added = filters.map(filter =>
    named(
      filter.meta.title,
      lowerExpression(filter.condition.expression, filter.meta.taxonomy, kind),
    ),
  )
  const [first] = alternatives
  const own = alternatives.length === 1 && first !== undefined ? first : join('or', alternatives)
  return added.length === 0 ? own : join('and', [own, ...added])
}

function join(op: 'and' | 'or', items: readonly Expression[]): Expression {
  return { op, items }
}

/** A filter's selections have their own names, which no pattern of the rule finds. */
function named(title: string, item: Expression): Expression {
  return { op: 'selection', name: `filter: ${title}`, item }
}

/** A rule for one kind, and what cannot be had there. */
export interface Lowered {
  readonly program: Program
  readonly lost: ReadonlySet<string>
  readonly weakened: ReadonlySet<string>
  readonly excluded: ReadonlySet<string>
  /** Whether nothing can ever match. */
  readonly dead: boolean
}

export function lowerRule(linked: LinkedRule, kind: Kind): Lowered {
  const { expression, lost, weakened, excluded } = simplify(wholeExpression(linked, kind), kind)
  const dead = expression.op === 'constant' && !expression.value
  return { program: { linked, kind, expression }, lost, weakened, excluded, dead }
}
