import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold } from '../../src/rules/pattern/fold.ts'
import { compileRegex } from '../../src/rules/regex/compile.ts'
import { nfaTest } from '../../src/rules/regex/nfa.ts'
import { parseRegex } from '../../src/rules/regex/parse.ts'

const plain = { i: false, m: false, s: false }

function compiled(source: string, flags = plain) {
  const regex = compileRegex(source, flags)
  if (regex instanceof Error) throw regex
  return regex
}

describe('regexes that a backtracking engine takes for ever over', () => {
  test.each([
    ['(a+)+$', `${'a'.repeat(28)}!`],
    ['(?i)(a+)+$', `${'a'.repeat(28)}!`],
    ['^(a|aa)+$', `${'a'.repeat(100)}!`],
    ['(?:a{1,40})+$', `${'a'.repeat(60)}!`],
    ['^(?:[a-z]{0,63}\\.)+$', 'a'.repeat(200)],
    ['([a-z]+)*\\d', 'a'.repeat(60)],
    ['^(.*a){20}$', `${'a'.repeat(60)}!`],
    ['(x+x+)+y', 'x'.repeat(60)],
    ['(?m)^(\\w+\\s?)+$', `${'word '.repeat(12)}!`],
  ])('%s ends soon', (source, text) => {
    // Seconds to aeons without the linear engine: a limit of the test run, not a measurement.
    expect(compiled(source).test(text)).toBe(false)
  })

  test('a text is looked at up to 4,096 characters', () => {
    expect(compiled('b').test(`${'a'.repeat(4095)}b`)).toBe(true)
    expect(compiled('b').test(`${'a'.repeat(4096)}b`)).toBe(false)
  })
})

describe('what RE2 refuses is refused with its place', () => {
  test.each([
    ['a(?=b)', 'lookahead', 1],
    ['a(?!b)', 'lookahead', 1],
    ['(?<=a)b', 'lookbehind', 0],
    ['(a)\\1', 'back reference', 3],
    ['(?P<n>a)(?P=n)', 'back reference', 8],
    ['a++', 'possessive', 2],
    ['(?>a)', 'atomic', 0],
    ['a**', 'repeat of a repeat', 2],
    ['*a', 'repeats nothing', 0],
    ['a{1001}', 'repeats more than 1000', 1],
    ['(a{100}){100}', 'repeats more than 1000', 8],
    ['[a', 'is not closed', 0],
    ['(a', 'is not closed', 0],
    ['a)', 'closes nothing', 1],
    ['[z-a]', 'upside down', 1],
    ['[[:letter:]]', 'there is no class', 1],
    ['\\p{L}', 'Unicode classes', 0],
    ['\\Z', '`\\Z` is not read', 0],
    ['\\y', 'there is no escape', 0],
    ['a\\', 'escapes nothing', 1],
    ['('.repeat(200), 'nested too deeply', undefined],
    ['a'.repeat(9000), 'longer than', 0],
  ])('%s', (source, reason, at) => {
    const regex = compileRegex(source, plain)
    expect(regex).toBeInstanceOf(Error)
    if (!(regex instanceof Error)) return
    expect(regex.message).toContain(reason)
    if (at !== undefined) expect(regex.at).toBe(at)
  })
})

describe('meaning', () => {
  test.each([
    ['(?i)straße', 'STRAẞE', true],
    ['(?i)k', '\u212a', true],
    ['^.$', '😀', true],
    ['^[^a]{2}$', '😀b', true],
    ['^..$', '😀', false],
    ['[😀-😂]', '😁', true],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['a.b', 'a\rb', true],
    ['\\Aab\\z', 'ab', true],
    ['\\x41\\x{1F600}\\n\\Q.*\\E', 'A😀\n.*', true],
    ['a{,2}', 'a{,2}', true],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['(?P<name>a)|(?<other>b)', 'b', true],
    ['a(?i)b(?-i)c', 'aBc', true],
    ['a(?i)b(?-i)c', 'aBC', false],
    ['', 'anything', true],
    ['a||b', 'x', true],
  ])('%s on %s', (source, text, found) => {
    expect(compiled(source).test(text)).toBe(found)
    expect(nfaTest(parseRegex(source, plain))(text)).toBe(found)
  })
})

/** Regexes over few letters, so that they match often. */
const regexes = fc.letrec<{ regex: string; atom: string }>(tie => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      'A',
      '.',
      '\\w',
      '[ab]',
      '[^a]',
      '\\b',
      '^',
      '$',
      'é',
      '\\d',
      '😀',
      '1',
    ),
    tie('regex').map(inner => `(?:${inner})`),
    tie('regex').map(inner => `(?i:${inner})`),
  ),
  regex: fc
    .array(
      fc
        .tuple(
          tie('atom'),
          fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '|'),
        )
        .map(([atom, repeat]) => atom + repeat),
      { minLength: 1, maxLength: 4 },
    )
    .map(parts => parts.join('')),
})).regex
const texts = fc.string({
  unit: fc.constantFrom('a', 'b', 'A', 'B', 'é', 'É', '1', '\n', ' ', '😀'),
  maxLength: 12,
})

test('V8 and the linear machine agree, and the gate holds', () => {
  fc.assert(
    fc.property(regexes, texts, (source, text) => {
      const regex = compiled(source)
      const found = regex.test(text)
      expect(nfaTest(parseRegex(source, plain))(text)).toBe(found)
      if (found && regex.gate !== undefined) {
        expect(regex.gate.some(literal => fold(text).includes(literal))).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
