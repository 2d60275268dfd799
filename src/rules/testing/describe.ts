import { type Match, type PatternPart, type Test } from '../ast.ts'
import { decisive, type Trace } from '../evaluate/explain.ts'
import { quote } from '../fault.ts'
import { type FieldValue } from '../fields.ts'
import { type Source } from '../yaml/node.ts'

const mostLines = 8

/** One line for each test on which the result hangs: where it is, what it asks, what there is. */
export function describeTrace(trace: Trace, source: Source): string[] {
  const lines = decisive(trace).map(({ test, result, actual, around }) => {
    const { line, column } = source.place(test.offset)
    const where = around.length === 0 ? '' : ` in ${quote(around.join(' > '))}`
    const verdict = result ? 'matched' : 'did not match'
    return `${source.file}:${line}:${column}: ${describeTest(test)} ${verdict}${where}: the event has ${describeValue(actual, test)}`
  })
  const unique = [...new Set(lines)]
  const more = unique.length - mostLines
  return more > 0 ? [...unique.slice(0, mostLines), `and ${more} more`] : unique
}

/** `field contains "x"`. */
export function describeTest({ field, match }: Test): string {
  return `${field ?? 'keyword'} ${describeMatch(match)}`
}

/** What the event has there, short enough for a line. */
export function describeValue(value: FieldValue, { field }: Pick<Test, 'field'>): string {
  if (field === undefined) return 'other texts'
  if (value === undefined) return 'no such field'
  const text = JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}

function describeMatch(match: Match): string {
  switch (match.kind) {
    case 'text':
      return `${match.cased ? 'exactly ' : ''}${describeShape(match.shape, match)}`
    case 'regex':
      return `matches /${match.source}/${match.flags}`
    case 'cidr':
      return `in ${match.text}`
    case 'compare':
      return `${match.part === undefined ? '' : `${match.part} `}${match.comparison} ${match.value}`
    case 'field':
      return `${match.shape} field ${match.other}`
    case 'null':
      return 'is absent or null'
    case 'exists':
      return match.expected ? 'exists' : 'does not exist'
  }
}

function describeShape(shape: string, { literal, parts }: Match & { kind: 'text' }): string {
  if (shape === 'any') return 'is any text'
  if (shape === 'glob') return `is like "${parts.map(written).join('')}"`
  return `${shape} "${literal}"`
}

function written(part: PatternPart): string {
  if (typeof part === 'string') return part
  if ('oneOf' in part) return `[${part.oneOf}]`
  return part.wild === 'many' ? '*' : '?'
}
