import { expect, test } from 'vitest'
import { type Expression } from '../../../src/rules/ast.ts'
import { type FieldReader, type FieldValue } from '../../../src/rules/fields.ts'
import { textMatch } from '../../../src/rules/pattern/match.ts'
import { objectReader } from '../../../src/rules/slots/object.ts'
import { engines } from './engines.ts'
import { programOf } from './random.ts'

const reader: FieldReader<object> = { ...objectReader, isCoarse: field => field.length === 1 }

const is = (field: string, literal: string, cased = false): Expression => ({
  op: 'test',
  field,
  match: textMatch([literal], cased),
  offset: 0,
})
const all = (...items: Expression[]): Expression => ({ op: 'and', items })
const any = (...items: Expression[]): Expression => ({ op: 'or', items })

const rules: readonly Expression[] = [
  is('a', 'end'),
  is('a', 'End', true),
  all(is('a', 'end'), is('b', 'out')),
  all(any(is('a', 'end'), is('a', 'k')), is('b', 'out'), is('long', 'x')),
  all(is('a', '5'), is('b', 'true')),
  all(is('a', 'start'), { op: 'not', item: is('b', 'out') }),
  any(all(is('a', 'end'), is('b', 'in')), is('long', 'y')),
  all(is('a', 'end'), { op: 'constant', value: false }),
  { op: 'constant', value: true },
]

const values: readonly FieldValue[] = [
  'end',
  'END',
  'End',
  'start',
  'out',
  'in',
  'true',
  '\u212a', // the sign of the kelvin is folded to a plain k
  '5',
  5,
  true,
  '',
  null,
  undefined,
  ['start', 'end'],
  [['out']],
  { x: 'end' },
]

test.each(['generated', 'closures'] as const)('events of all classes, odd ones too: %s', name => {
  const programs = rules.map(programOf)
  const [engine, reference] = [engines[name], engines['full scan']].map(make =>
    make(programs, () => reader),
  )
  let matches = 0
  for (const a of values) {
    for (const b of values) {
      for (const long of ['x', 'y', 'z']) {
        const [found, wanted] = [engine, reference].map(matcher => {
          const numbers: number[] = []
          matcher?.match('flow', { a, b, long }, one => numbers.push(programs.indexOf(one)))
          return numbers
        })
        expect(found, JSON.stringify({ a, b, long })).toEqual(wanted)
        matches += wanted?.length ?? 0
      }
    }
  }
  expect(matches).toBeGreaterThan(values.length ** 2 * 3)
})

test('more classes than are told apart', () => {
  const fields = [...'abcdefghijklmnop']
  const programs = [...fields, ...fields.map(field => `${field}2`)].map(name =>
    programOf(is(name.charAt(0), name)),
  )
  for (const make of [engines.generated, engines.closures]) {
    const matcher = make(programs, () => reader)
    for (const field of fields) {
      const found: number[] = []
      matcher.match('flow', { [field]: `${field}2` }, one => found.push(programs.indexOf(one)))
      expect(found).toEqual([fields.length + fields.indexOf(field)])
    }
  }
})
