import { type Expression, type Test, type TextMatch } from './ast.ts'
import { isProduced, keywordFields } from './mapping/catalogue.ts'
import { type FieldMapping, type ValueMapping } from './mapping/field-mapping.ts'
import { type Kind } from './mapping/kind.ts'
import { fieldNames, mapField } from './mapping/resolve.ts'
import { textMatch } from './pattern/match.ts'

/**
 * The expression with the fields of our events of that kind: names mapped, values converted, keywords
 * kept to the fields that hold text of the traffic. Shared parts stay shared.
 */
export function lowerExpression(expression: Expression, taxonomy: string, kind: Kind): Expression {
  const made = new Map<Expression, Expression>()
  const lower = (one: Expression): Expression => {
    const known = made.get(one)
    if (known !== undefined) return known
    const lowered = one.op === 'test' ? lowerTest(one, taxonomy, kind) : mapInner(one, lower)
    made.set(one, lowered)
    return lowered
  }
  return lower(expression)
}

/** The same expression over changed parts; itself when none has changed. */
export function mapInner(
  expression: Exclude<Expression, Test>,
  change: (inner: Expression) => Expression,
): Expression {
  switch (expression.op) {
    case 'and':
    case 'or': {
      const items = expression.items.map(change)
      const same = items.every((item, index) => item === expression.items[index])
      return same ? expression : { op: expression.op, items }
    }
    case 'not':
    case 'selection': {
      const item = change(expression.item)
      return item === expression.item ? expression : { ...expression, item }
    }
    case 'constant':
      return expression
  }
}

function lowerTest(test: Test, taxonomy: string, kind: Kind): Expression {
  if (test.field === undefined) return lowerKeyword(test, kind)
  const mapping = mapField(taxonomy, test.field)
  const names = fieldNames(taxonomy, test.field, kind)
  const items = names.flatMap(field => {
    const moved = convert(field === test.field ? test : { ...test, field }, mapping)
    return test.match.kind === 'field' ? lowerOther(moved, taxonomy, kind) : [moved]
  })
  // What is absent must be absent from all of them.
  const absent =
    test.match.kind === 'null' || (test.match.kind === 'exists' && !test.match.expected)
  return joined(absent ? 'and' : 'or', items)
}

function lowerKeyword(test: Test, kind: Kind): Expression {
  const fields = keywordFields[kind]
  if (fields === undefined) return test
  return joined(
    'or',
    fields.filter(field => isProduced(kind, field)).map(field => ({ ...test, field })),
  )
}

function lowerOther(moved: Expression, taxonomy: string, kind: Kind): Expression[] {
  if (moved.op !== 'test' || moved.match.kind !== 'field') return [moved]
  const { match } = moved
  return fieldNames(taxonomy, match.other, kind).map(other => ({
    ...moved,
    match: { ...match, other },
  }))
}

function convert(test: Test, { values, factor }: FieldMapping): Expression {
  const { match } = test
  if (match.kind === 'compare' && factor !== undefined && match.part === undefined) {
    return { ...test, match: { ...match, value: match.value * factor } }
  }
  if (match.kind !== 'text' || match.shape !== 'equals') return test
  if (factor !== undefined) return { ...test, match: scaled(match, factor) }
  const value = values?.[match.literal.toLowerCase()]
  return value === undefined ? test : converted(test, value)
}

function scaled(match: TextMatch, factor: number): TextMatch {
  const number = Number(match.literal)
  if (match.literal.trim() === '' || !Number.isFinite(number)) return match
  return textMatch([String(number * factor)], match.cased)
}

function converted(test: Test, value: ValueMapping): Expression {
  const texts = 'is' in value ? value.is : value.not
  const items = texts.map(text => ({ ...test, match: textMatch([text], false) }))
  const found = joined('or', items)
  return 'is' in value ? found : { op: 'not', item: found }
}

function joined(op: 'and' | 'or', items: readonly Expression[]): Expression {
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { op, items }
}
