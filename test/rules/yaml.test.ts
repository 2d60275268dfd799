import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRules } from '../../src/rules/parse/document.ts'

const letters = 'bcdefghijk'
const laughs = Array.from({ length: 9 }, (_, index) => {
  const before = index === 0 ? 'a' : letters.charAt(index - 1)
  return `${letters.charAt(index)}: &${letters.charAt(index)} [${Array(9).fill(`*${before}`).join(', ')}]`
})

describe('hostile YAML is refused with a reason, and soon', () => {
  test.each([
    ['brackets', '['.repeat(100_000), 'nested too deeply'],
    ['brackets on lines', '[\n'.repeat(50_000), 'nested too deeply'],
    ['maps in maps', '{a: '.repeat(50_000), 'nested too deeply'],
    ['lists in lists', '- '.repeat(50_000), 'nested too deeply'],
    [
      'indentation',
      Array.from({ length: 900 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'nested too deeply',
    ],
    ['aliases', `a: &a [x, x, x, x, x, x, x, x, x]\n${laughs.join('\n')}`, 'unfold to too much'],
    ['a circle', 'a: &a [*a]', 'no `&a` comes before'],
    ['tags', 'a: !!js/function x', 'a tag'],
    ['merge keys', 'a: &a {b: 1}\nc: {<<: *a}', 'merge keys'],
    ['keys that are maps', '? {a: 1}\n: b', 'a key must be plain text'],
    ['size', `a: ${'x'.repeat(5_000_000)}`, 'characters long, allowed are'],
    ['a list', '- a\n- b', 'a rule is a map'],
    ['text', 'just text', 'a rule is a map'],
  ])('%s', (_, text, reason) => {
    const { documents, invalid, faults } = parseRules(text, 'hostile.yml')
    expect(documents).toEqual([])
    expect(invalid.length).toBeGreaterThan(0)
    expect(faults.map(fault => fault.message).join('\n')).toContain(reason)
  })

  test('100,000 keys are no trouble, nor is a key among them twice', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1`).join('\n')
    const { faults } = parseRules(`${keys}\nk7: 2\n`, 'keys.yml')
    expect(faults[0]).toMatchObject({ line: 100_001, column: 1, severity: 'error' })
  })
})

test('every fault of a file is told, with line and column', () => {
  const text = `title: one
logsource: {category: dns}
detection:
  s:
    a|contians: x
    b|cidr: 10.0.0.1/8
  condition: s
---
title: two
logsource: {category: dns}
detection:
  s: {a: x}
  condition: t
`
  const { faults } = parseRules(text, 'two.yml')
  expect(faults.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    'two.yml:5:5',
    'two.yml:6:13',
    'two.yml:13:14',
  ])
})

test('no text makes the reader throw', () => {
  const pieces = fc.constantFrom(
    'title: x\n',
    'logsource:\n',
    '  category: dns\n',
    'detection:\n',
    '  s:\n',
    '    a|re: "("\n',
    '  condition: ',
    's and',
    ' not (',
    '1 of s*',
    '\n',
    '---\n',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '"',
    "'",
    'null',
    ': ',
    '|all',
    'correlation:\n',
    '  type: event_count\n',
    '  rules: [a]\n',
    '  timespan: 5m\n',
    '  condition: {gte: 1}\n',
    'filter:\n',
    '  rules: any\n',
    'action: global\n',
    'orthrus:\n',
    '  tests: []\n',
    '\t',
    '%n%',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 25 }), parts => {
      const parsed = parseRules(parts.join(''), 'fuzz.yml')
      for (const { line, column } of parsed.faults)
        expect(Math.min(line, column)).toBeGreaterThan(0)
    }),
    { numRuns: 1000 },
  )
})
