import { type CorrelationRule, type ReferenceExpression } from '../ast.ts'
import { passes } from '../threshold.ts'
import { type Sequence } from './sequence.ts'

/** What the rules that matched in a window come to. */
export interface Judgement {
  readonly fires: boolean
  /** How many rules matched (in order, where that is asked). */
  readonly count: number
}

/** A test of a temporal correlation over a window. */
export function temporalTest(rule: CorrelationRule): (sequence: Sequence) => Judgement {
  const names = rule.rules.map(({ name }) => name)
  const all = names.map((_, index) => index)
  const ordered = rule.type === 'temporal_ordered'
  const { condition } = rule
  if (condition.kind === 'threshold') {
    return sequence => {
      const count = ordered ? sequence.longest(all) : distinct(sequence, names)
      return { fires: passes(condition.comparisons, count), count }
    }
  }
  const wanted = positive(condition.expression, true)
  return sequence => {
    const has = (name: string) => names.some((one, index) => one === name && sequence.has(index))
    const there = all.filter(index => wanted.has(names[index] ?? '') && sequence.has(index))
    const holds = truth(condition.expression, has)
    // Of the rules that the condition asks for, those that matched must have done so in their order.
    const inOrder = !ordered || sequence.longest(there) === there.length
    return { fires: holds && inOrder, count: there.length }
  }
}

function distinct(sequence: Sequence, names: readonly string[]): number {
  return new Set(names.filter((_, index) => sequence.has(index))).size
}

function truth(expression: ReferenceExpression, has: (name: string) => boolean): boolean {
  switch (expression.op) {
    case 'rule':
      return has(expression.name)
    case 'not':
      return !truth(expression.item, has)
    case 'and':
      return expression.items.every(item => truth(item, has))
    case 'or':
      return expression.items.some(item => truth(item, has))
  }
}

/** Rules that the expression asks to have matched. */
function positive(expression: ReferenceExpression, asked: boolean): Set<string> {
  switch (expression.op) {
    case 'rule':
      return new Set(asked ? [expression.name] : [])
    case 'not':
      return positive(expression.item, !asked)
    default:
      return new Set(expression.items.flatMap(item => [...positive(item, asked)]))
  }
}
