import { type CompareMatch, type FieldMatch, type Match, type RegexMatch } from '../ast.ts'
import { type FieldValue } from '../fields.ts'
import { fold } from '../pattern/fold.ts'
import { cidrTest } from './cidr.ts'
import { datePart } from './date.ts'
import { textTest } from './text.ts'
import { anyValue, isNull, valueNumber, valueText } from './values.ts'

/** A match that needs one value only. */
export type PlainMatch = Exclude<Match, FieldMatch>

/** Whether a field's value passes; lists pass when a member does, absent ones never but for null. */
export function valueTest(match: PlainMatch): (value: FieldValue) => boolean {
  switch (match.kind) {
    case 'null':
      return isNull
    case 'exists':
      return value => (value !== undefined) === match.expected
    default: {
      const test = memberTest(match)
      return value => value !== undefined && anyValue(value, test)
    }
  }
}

type MemberMatch = Exclude<PlainMatch, { kind: 'null' | 'exists' }>

function memberTest(match: MemberMatch): (value: FieldValue) => boolean {
  switch (match.kind) {
    case 'cidr':
      return cidrTest(match)
    case 'compare':
      return compareTest(match)
    default: {
      const test = match.kind === 'text' ? textTest(match) : regexTest(match)
      return value => {
        const text = valueText(value)
        return text !== undefined && test(text)
      }
    }
  }
}

/** The regex behind its gate: most texts lack what it asks for. */
export function regexTest({ gate, test }: RegexMatch): (text: string) => boolean {
  if (gate === undefined) return test
  return text => {
    const folded = fold(text)
    return gate.some(literal => folded.includes(literal)) && test(text)
  }
}

const comparisons = {
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
  eq: (a: number, b: number) => a === b,
}

function compareTest({ comparison, value: limit, part }: CompareMatch) {
  const compare = comparisons[comparison]
  if (part === undefined) return (value: FieldValue) => compare(valueNumber(value), limit)
  return (value: FieldValue) => compare(datePart(value, part), limit)
}

/** Whether a member of one field stands as asked to a member of the other; both must be there. */
export function fieldTest({ shape, cased }: FieldMatch) {
  const relation = relations[shape]
  return (value: FieldValue, other: FieldValue): boolean =>
    anyValue(value, one => {
      const text = compared(one, cased)
      return (
        text !== undefined &&
        anyValue(other, two => {
          const otherText = compared(two, cased)
          return otherText !== undefined && relation(text, otherText)
        })
      )
    })
}

const relations = {
  equals: (a: string, b: string) => a === b,
  startswith: (a: string, b: string) => a.startsWith(b),
  endswith: (a: string, b: string) => a.endsWith(b),
  contains: (a: string, b: string) => a.includes(b),
}

function compared(value: FieldValue, cased: boolean): string | undefined {
  const text = valueText(value)
  return text === undefined || cased ? text : fold(text)
}
