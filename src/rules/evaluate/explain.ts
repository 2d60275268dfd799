import { type Expression, type Test } from '../ast.ts'
import { type FieldReader, type FieldValue } from '../fields.ts'
import { compileTest } from './closure.ts'

/** Why an expression is true or false of an event: the same tree, each part with its answer. */
export interface Trace {
  readonly expression: Expression
  readonly result: boolean
  readonly items: readonly Trace[]
  /** Of a test: what the event has. */
  readonly actual: FieldValue
}

/** Evaluates every part of the expression, also those that cannot change the result any more. */
export function explain<Event>(
  expression: Expression,
  reader: FieldReader<Event>,
  event: Event,
): Trace {
  switch (expression.op) {
    case 'test':
      return explainTest(expression, reader, event)
    case 'constant':
      return { expression, result: expression.value, items: [], actual: undefined }
    case 'selection':
    case 'not': {
      const inner = explain(expression.item, reader, event)
      const result = expression.op === 'not' ? !inner.result : inner.result
      return { expression, result, items: [inner], actual: undefined }
    }
    case 'and':
    case 'or': {
      const items = expression.items.map(item => explain(item, reader, event))
      const wanted = expression.op === 'or'
      const decided = items.some(({ result }) => result === wanted)
      return { expression, result: decided === wanted, items, actual: undefined }
    }
  }
}

function explainTest<Event>(test: Test, reader: FieldReader<Event>, event: Event): Trace {
  const actual = test.field === undefined ? undefined : reader.slotOf(test.field)?.(event)
  return { expression: test, result: compileTest(test, reader)(event), items: [], actual }
}

/**
 * The parts that the result hangs on: tests that would have to answer otherwise, each with the
 * selections around it from the outside in.
 */
export function decisive(trace: Trace, around: readonly string[] = []): Decisive[] {
  const { expression, result, items } = trace
  if (expression.op === 'test') return [{ test: expression, result, actual: trace.actual, around }]
  const inside = expression.op === 'selection' ? [...around, expression.name] : around
  const splits = expression.op === 'and' || expression.op === 'or'
  const guilty = splits ? items.filter(item => item.result === result) : items
  return guilty.flatMap(item => decisive(item, inside))
}

export interface Decisive {
  readonly test: Test
  readonly result: boolean
  readonly actual: FieldValue
  readonly around: readonly string[]
}

/** Names of selections in the tree that are true (or false) of the event. */
export function selectionsThat(result: boolean, trace: Trace): Set<string> {
  const found = new Set<string>()
  const visit = ({ expression, result: own, items }: Trace) => {
    if (expression.op === 'selection' && own === result) found.add(expression.name)
    for (const item of items) visit(item)
  }
  visit(trace)
  return found
}
