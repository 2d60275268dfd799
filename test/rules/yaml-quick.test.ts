import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Node, type Source } from '../../src/rules/yaml/node.ts'
import { readQuick } from '../../src/rules/yaml/quick/read.ts'
import { readWhole, readYaml } from '../../src/rules/yaml/read.ts'

/** Texts that each of the fuzz tests reads; ORTHRUS_FUZZ_PAIRS=100000 for the long run. */
const texts = Number(process.env['ORTHRUS_FUZZ_PAIRS'] ?? 4000)

/** Node, values and places as lines of text. */
function dump(node: Node, { place }: Pick<Source, 'place'>): unknown {
  const { line, column } = place(node.offset)
  const at = `${line}:${column}`
  if (node.type === 'scalar') return [at, node.value, node.text, Object.is(node.value, -0)]
  if (node.type === 'list') return [at, node.items.map(item => dump(item, { place }))]
  return [
    at,
    Array.from(node.entries, ([key, entry]) => {
      const found = place(entry.offset)
      return [key, `${found.line}:${found.column}`, dump(entry.value, { place })]
    }),
  ]
}

/** Whether the quick reader takes the text; fails where it reads something else than the library. */
function agrees(text: string): boolean {
  if (readQuick(text, () => undefined) === undefined) return false
  const [quick, whole] = [readYaml(text, 'a.yml'), readWhole(text, 'a.yml')]
  expect(whole.faults, text).toEqual([])
  const [one, two] = [quick, whole].map(read => read.documents.map(node => dump(node, read.source)))
  expect(one, text).toEqual(two)
  return true
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
}

const corpus = [...filesBelow('rules'), ...filesBelow('test/conformance')]

test('shipped rules and the conformance kit are read alike, nearly all of them quickly', () => {
  expect(corpus.length).toBeGreaterThan(50)
  const quick = corpus.filter(agrees)
  expect(quick.length / corpus.length).toBeGreaterThan(0.5)
})

describe('what is usual is read quickly and alike', () => {
  test.each([
    ['values', "a: x\nb: 'it''s'\nc: \"q\\\"\\n\\\\\"\nd: 5\ne: -1.5e3\nf: true\ng: ~\nh: 0x1F"],
    [
      'numbers that are none',
      'a: 10.0.0.1\nb: 1.2.3\nc: 0o9\nd: +\ne: .\nf: 1e\ng: -.inf\nh: .nan',
    ],
    ['big numbers', 'a: 12345678901234567890\nb: 0123\nc: +5\nd: -0\ne: 0o17\nf: 1.\ng: .5'],
    ['words', 'a: null\nb: Null\nc: TRUE\nd: yes\ne: nullx\nf: tRUE\ng: False'],
    ['blocks', 'a:\n  b:\n    - c\n    - d: 1\n      e: 2\n  f:\n  - g\nh: i'],
    ['comments', '# x\na: 1 # y\n  # z\nb: c#d\n\nc:  # nested\n  - 1 # one\n#end\n'],
    ['flow', 'a: [x, "y", \'z\', 1, [2, {k: v}], {}, []]\nb: {c: d, "e": f:g, h|i: 10.0.0.0/8}'],
    ['literals', 'a: |\n  one\n    two\n\n  # three\n\nb: |-\n  four\nc: 5\n'],
    ['folded texts', 'a: >-\n  one\n  two\n\n  three\n\n\n  four\nb: >\n  x\n\nc: 5\n'],
    ['several documents', '---\na: 1\n---\n# two\nb: 2\n---  \nc: 3\n'],
    ['blanks that are text', 'a: x\u00a0\nb: \u3000y\nc: [z\u00a0, \u2003]\nd: é€😀'],
    ['odd keys', 'a b: 1\n-c: 2\n:d: 3\n?e: 4\n"f: g": 5\n\'|all\': 6\nh#i: 7\nj : 8\n1: 9'],
    ['odd values', 'a: -b\nb: :c\nc: ?d\nd: e:f\ne: a, b] }\nf: a b  \ng: "x" # y\nh: a:b:c'],
  ])('%s', (_, text) => {
    expect(agrees(text)).toBe(true)
  })
})

describe('what is unusual is left to the library', () => {
  test.each([
    'a: &x 1\nb: *x',
    'a: !!str 1',
    'a: >\n  one\n    two\n',
    'a: >+\n  folded\n',
    'a: |',
    'a: |\n\nb: 1',
    'a: one\n  two',
    'a:\nb: 1',
    'a: 1\na: 2',
    'a: [1,\n  2]',
    '\ta: 1',
    'a: 1\r\nb: 2\r\n',
    'a: b: c',
    'a: "x" y',
    '%YAML 1.2\n---\na: 1',
    'a: 1\n...\n',
    'a: {b, c}',
    '? a\n: b',
    '<<: {a: 1}',
    'a: |2\n    x',
    'a: |\n  x',
    'just text',
    '- a',
    `${'k'.repeat(1100)}: x`,
  ])('%j', text => {
    expect(agrees(text)).toBe(false)
  })
})

const pieces = [
  ...['a', 'b', 'key', 'null', '~', '1', '-1.5', '10.0.0.1', 'true', 'é', '\u00a0', '\\', '%', '@'],
  ...[':', ': ', ' : ', '-', '- ', '? ', '#', ' #', ',', ', ', '[', ']', '{', '}', '|', '|-', '>'],
  ...["'", '"', "''", '\\"', '\\n', '&', '*', '!', '---', '...', '<<', '`', ' ', '  ', '    '],
  ...[
    '\n',
    '\n',
    '\n',
    '\n  ',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    ': |\n  ',
    ': >-\n  ',
    ': [',
    ': {',
    'a: b\n',
  ],
]

test('any text: the quick reader agrees with the library, or leaves it to it', {
  timeout: 600_000,
}, () => {
  const piece = fc.constantFrom(...pieces)
  let quick = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), parts => {
      if (agrees(`a${parts.join('')}`)) quick++
    }),
    { numRuns: texts },
  )
  expect(quick).toBeGreaterThan(texts / 200)
})

test('rules with slips: the quick reader agrees with the library, or leaves it to it', {
  timeout: 600_000,
}, () => {
  const small = corpus.filter(text => text.length < 3000)
  const edit = fc.record({
    place: fc.nat({ max: 3000 }),
    drop: fc.nat({ max: 3 }),
    put: fc.constantFrom('', ...pieces),
  })
  let quick = 0
  fc.assert(
    fc.property(
      fc.nat({ max: small.length - 1 }),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      (which, edits) => {
        let text = small[which] ?? ''
        for (const { place, drop, put } of edits) {
          const at = place % text.length
          text = text.slice(0, at) + put + text.slice(at + drop)
        }
        if (agrees(text)) quick++
      },
    ),
    { numRuns: texts / 4 },
  )
  expect(quick).toBeGreaterThan(texts / 200)
})
