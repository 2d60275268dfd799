import fc from 'fast-check'
import { type Program } from '../../../src/rules/admission/program.ts'
import { type Expression, type Match, type RegexMatch, type Test } from '../../../src/rules/ast.ts'
import { addressOf } from '../../../src/rules/evaluate/cidr.ts'
import { mask } from '../../../src/rules/network.ts'
import { textMatch } from '../../../src/rules/pattern/match.ts'
import { type Pattern } from '../../../src/rules/pattern/parts.ts'
import { compileRegex } from '../../../src/rules/regex/compile.ts'

const fields = ['a', 'b', 'c', 'd.e', 'never']

/** Few letters, so that rules and events meet often; letters whose cases are odd. */
const letters = fc.constantFrom(
  'a',
  'A',
  'b',
  'B',
  '.',
  '/',
  '1',
  'é',
  'É',
  'K',
  'k',
  'İ',
  'Σ',
  'ς',
  '😀',
)

/** Words that differ in case only, begin and end like each other, or lie inside each other. */
const words = [
  'ab',
  'AB',
  'aB',
  'b',
  'abab',
  'a.b',
  'x.a.B',
  'é',
  'É',
  'aé',
  'AÉb',
  'k',
  'K',
  'aK',
  'ς',
  'aΣ',
  'aσb',
  'İ',
  'bi',
  'BİB',
  '',
]
const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...words) },
  { weight: 6, arbitrary: fc.string({ unit: letters, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: letters, minLength: 10, maxLength: 30 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '443',
      '80',
      '1e3',
      '1000',
      '-0',
      '0',
      'NaN',
      'Infinity',
      'true',
      '0443',
      '1.5',
      ' 5 ',
    ),
  },
)
const address = fc.oneof(
  fc.constantFrom(
    '10.0.0.1',
    '10.1.2.3',
    '192.168.0.255',
    '::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '2001:db8::5',
  ),
  fc.constantFrom(
    '255.255.255.255',
    '0.0.0.0',
    '010.0.0.1',
    '10.0.0',
    '1.2.3.4.5',
    '10.0.0.256',
    'fe80::1%eth0',
  ),
  fc.ipV4(),
  fc.ipV6(),
)
const number = fc.oneof(
  fc.constantFrom(0, -0, 5, 80, 443, 1000, 1.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY),
  fc.integer({ min: -3, max: 3 }),
)
const scalar = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: address },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
)
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }) },
  { weight: 1, arbitrary: fc.constant({ x: 'a' }) },
)

/** Events as objects with dotted names. */
export const events = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd.e', 'f'), value, {
  maxKeys: 5,
})

const part: fc.Arbitrary<Pattern[number]> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: letters, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.constant({ wild: 'many' as const }) },
  { weight: 1, arbitrary: fc.constant({ wild: 'one' as const }) },
  { weight: 1, arbitrary: fc.constant({ oneOf: '-/a' }) },
)
const many = { wild: 'many' } as const
const patterns: fc.Arbitrary<Pattern> = fc.oneof(
  { weight: 4, arbitrary: text.map((literal): Pattern => [literal]) },
  { weight: 2, arbitrary: text.map((literal): Pattern => [many, literal]) },
  { weight: 2, arbitrary: text.map((literal): Pattern => [literal, many]) },
  { weight: 2, arbitrary: text.map((literal): Pattern => [many, literal, many]) },
  { weight: 2, arbitrary: fc.array(part, { maxLength: 4 }) },
)

const regexes = ['a', '^a.*b$', '(a|b)1', '[a-b]+\\.', 'K', '\\d+', 'ab?', '', '.'].flatMap(
  source =>
    ['', 'i'].flatMap(flag => {
      const match = compileRegex(source, { i: flag === 'i', m: false, s: false })
      return match instanceof Error ? [] : [match as RegexMatch]
    }),
)

const networks = fc
  .tuple(address, fc.oneof(fc.constantFrom(8, 30, 31, 32, 10, 64, 127, 128, 0), fc.nat(128)))
  .map(([base, bits]): Match => {
    const { family, word0, word1, word2, word3 } = addressOf(base) ?? {
      family: 4 as const,
      word0: 0,
      word1: 0,
      word2: 0,
      word3: 0,
    }
    const prefix = bits % (family === 4 ? 33 : 129)
    const [a = 0, b = 0, c = 0, d = 0] = [word0, word1, word2, word3].map(
      (word, index) => word & mask(prefix, index),
    )
    return { kind: 'cidr', text: `${base}/${prefix}`, family, words: [a, b, c, d], prefix }
  })

const comparisons = fc.constantFrom('lt', 'lte', 'gt', 'gte', 'eq')
const shapes = fc.constantFrom('equals', 'startswith', 'endswith', 'contains')

const matches: fc.Arbitrary<Match> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(patterns, fc.boolean()).map(([one, cased]) => textMatch(one, cased)),
  },
  { weight: 2, arbitrary: networks },
  { weight: 1, arbitrary: fc.constantFrom(...regexes) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compare' as const),
      comparison: comparisons,
      value: number,
      part: fc.constantFrom(undefined, undefined, 'hour' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Match>(
      { kind: 'null' },
      { kind: 'exists', expected: true },
      { kind: 'exists', expected: false },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('field' as const),
      other: fc.constantFrom(...fields),
      shape: shapes,
      cased: fc.boolean(),
    }),
  },
)

const tests: fc.Arbitrary<Test> = fc
  .tuple(fc.option(fc.constantFrom(...fields), { nil: undefined, freq: 12 }), matches)
  .map(([field, match]) => {
    const keyword = field === undefined && match.kind !== 'text' && match.kind !== 'regex'
    return { op: 'test', field: keyword ? 'a' : field, match, offset: 0 }
  })

export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    tests,
    fc.record({ op: fc.constantFrom('and', 'or'), items: fc.array(tie('tree'), { maxLength: 4 }) }),
    fc.record({ op: fc.constant('not' as const), item: tie('tree') }),
    fc.record({ op: fc.constant('selection' as const), name: fc.constant('s'), item: tie('tree') }),
    fc.boolean().map((truth): Expression => ({ op: 'constant', value: truth })),
  ),
})).tree

const pairs: fc.Arbitrary<Expression> = fc.record({
  op: fc.constantFrom('and', 'and', 'or'),
  items: fc.array(tests, { minLength: 2, maxLength: 3 }),
})
const excluding: fc.Arbitrary<Expression> = fc
  .tuple(tests, tests)
  .map(([one, two]) => ({ op: 'and', items: [one, { op: 'not', item: two }] }))

/** Rules as people write them: what is looked for decides, so that a table at fault shows. */
export const plainExpressions: fc.Arbitrary<Expression> = fc.oneof(
  { weight: 3, arbitrary: tests },
  { weight: 2, arbitrary: pairs },
  { weight: 1, arbitrary: excluding },
)

const crowded = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(text, address, number) },
  { weight: 1, arbitrary: value },
)

/** Events that have every field, mostly with one value. */
export const fullEvents = fc.record({ a: crowded, b: crowded, c: crowded, 'd.e': crowded })

/** A program of which only the expression matters. */
export function programOf(expression: Expression): Program {
  return { linked: undefined as never, kind: 'flow', expression }
}
