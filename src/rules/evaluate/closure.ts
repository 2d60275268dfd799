import { type Expression, type Test } from '../ast.ts'
import { type FieldReader } from '../fields.ts'
import { fieldTest, valueTest } from './match.ts'

export type Predicate<Event> = (event: Event) => boolean

/**
 * The expression as closures over one kind of event: every part is looked at, no index, nothing
 * remembered. What all faster engines must agree with.
 */
export function compileExpression<Event>(
  expression: Expression,
  reader: FieldReader<Event>,
): Predicate<Event> {
  switch (expression.op) {
    case 'test':
      return compileTest(expression, reader)
    case 'selection':
      return compileExpression(expression.item, reader)
    case 'constant':
      return () => expression.value
    case 'not': {
      const inner = compileExpression(expression.item, reader)
      return event => !inner(event)
    }
    case 'and': {
      const items = expression.items.map(item => compileExpression(item, reader))
      return event => items.every(item => item(event))
    }
    case 'or': {
      const items = expression.items.map(item => compileExpression(item, reader))
      return event => items.some(item => item(event))
    }
  }
}

/** One test; of a field that such events never have, the answer is always that for an absent one. */
export function compileTest<Event>(
  { field, match }: Test,
  reader: FieldReader<Event>,
): Predicate<Event> {
  if (match.kind === 'field') {
    const [one, two] = [slot(field ?? '', reader), slot(match.other, reader)]
    const test = fieldTest(match)
    return event => test(one(event), two(event))
  }
  const test = valueTest(match)
  if (field === undefined) return event => reader.texts(event).some(test)
  const read = slot(field, reader)
  return event => test(read(event))
}

function slot<Event>(field: string, reader: FieldReader<Event>) {
  return reader.slotOf(field) ?? (() => undefined)
}
