import { type CidrMatch, type RegexMatch, type TextMatch } from '../ast.ts'
import { fieldTest, valueTest } from '../evaluate/match.ts'
import { foldedTest } from '../evaluate/text.ts'
import { type FieldValue } from '../fields.ts'
import { mask } from '../network.ts'
import { textMatch } from '../pattern/match.ts'
import { anyText } from '../pattern/parts.ts'
import { type Frame } from './frame.ts'
import { literalsTest, numbersOf } from './literals.ts'
import { type FieldLeaf, type Leaf, type PlainLeaf, type TextsLeaf } from './node.ts'

/** Whether the event in the frame has what the leaf asks for. */
export type FrameTest = <Event>(frame: Frame<Event>) => boolean

/** A leaf as a closure; `keywords` when its slot holds the texts that keywords search. */
export function leafTest(leaf: Leaf, keywords: boolean): FrameTest {
  if (keywords) return keywordTest(leaf)
  switch (leaf.op) {
    case 'texts':
      return textsTest(leaf)
    case 'field':
      return fieldLeafTest(leaf)
    case 'test':
      return plainTest(leaf)
  }
}

/** The leaf on a value that is no plain text or number, lists above all; made when first needed. */
export function anyValueTest(leaf: TextsLeaf | PlainLeaf): (value: FieldValue) => boolean {
  let test: ((value: FieldValue) => boolean) | undefined
  return value => {
    test ??= makeAnyValueTest(leaf)
    return test(value)
  }
}

function makeAnyValueTest(leaf: TextsLeaf | PlainLeaf): (value: FieldValue) => boolean {
  if (leaf.op === 'test') return valueTest(leaf.match)
  const tests = leaf.literals.map(literal => valueTest(asMatch(leaf, literal)))
  return value => tests.some(test => test(value))
}

function asMatch({ shape, cased }: TextsLeaf, literal: string): TextMatch {
  const before = shape === 'contains' || shape === 'endswith' ? [anyText] : []
  const after = shape === 'contains' || shape === 'startswith' ? [anyText] : []
  return textMatch([...before, literal, ...after], cased)
}

function keywordTest(leaf: Leaf): FrameTest {
  if (leaf.op === 'field') return () => false
  const test = anyValueTest(leaf)
  return frame => {
    const texts = frame.value(leaf.slot)
    return Array.isArray(texts) && texts.some(test)
  }
}

function textsTest(leaf: TextsLeaf): FrameTest {
  const { slot, shape, cased, literals } = leaf
  const test = literalsTest(shape, literals)
  const slow = anyValueTest(leaf)
  const numbers = shape === 'equals' ? numbersOf(literals) : undefined
  const known = new Set(numbers)
  return frame => {
    const value = frame.value(slot)
    if (value === undefined) return false
    if (numbers !== undefined && typeof value === 'number') return known.has(value)
    const text = cased ? frame.plain(slot) : frame.text(slot)
    return text === undefined ? frame.many(slot) && slow(value) : test(text)
  }
}

function fieldLeafTest({ slot, other, match }: FieldLeaf): FrameTest {
  const test = fieldTest(match)
  return frame => test(frame.value(slot), frame.value(other))
}

function plainTest(leaf: PlainLeaf): FrameTest {
  const { slot, match } = leaf
  switch (match.kind) {
    case 'text':
      return globLeafTest(leaf, match)
    case 'regex':
      return regexLeafTest(leaf, match)
    case 'cidr':
      return cidrLeafTest(leaf, match)
    default: {
      const test = valueTest(match)
      return frame => test(frame.value(slot))
    }
  }
}

function globLeafTest(leaf: PlainLeaf, match: TextMatch): FrameTest {
  const { slot } = leaf
  const test = foldedTest(match)
  const slow = anyValueTest(leaf)
  return frame => {
    const text = match.cased ? frame.plain(slot) : frame.text(slot)
    return text === undefined ? frame.many(slot) && slow(frame.value(slot)) : test(text)
  }
}

function regexLeafTest(leaf: PlainLeaf, { gate, test }: RegexMatch): FrameTest {
  const { slot } = leaf
  const slow = anyValueTest(leaf)
  const gated = gate === undefined ? () => true : literalsTest('contains', gate)
  return frame => {
    const text = frame.text(slot)
    if (text === undefined) return frame.many(slot) && slow(frame.value(slot))
    return gated(text) && test(frame.plain(slot) ?? '')
  }
}

function cidrLeafTest(leaf: PlainLeaf, { family, words, prefix }: CidrMatch): FrameTest {
  const { slot } = leaf
  const at = slot * 4
  const slow = anyValueTest(leaf)
  const [m0 = 0, m1 = 0, m2 = 0, m3 = 0] = [0, 1, 2, 3].map(index => mask(prefix, index))
  const [w0, w1, w2, w3] = words
  return frame => {
    const found = frame.family(slot)
    if (found !== family) return frame.many(slot) && slow(frame.value(slot))
    const have = frame.words
    if (((have[at] ?? 0) & m0) !== w0 || family === 4) return ((have[at] ?? 0) & m0) === w0
    return (
      ((have[at + 1] ?? 0) & m1) === w1 &&
      ((have[at + 2] ?? 0) & m2) === w2 &&
      ((have[at + 3] ?? 0) & m3) === w3
    )
  }
}
