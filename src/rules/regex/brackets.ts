import { type Cursor } from './cursor.ts'
import { readSetEscape } from './escape.ts'
import { type CharacterSet, ignoreCase, negate, posixClasses, setOf, single } from './set.ts'

/** `[...]` after its opening bracket. */
export function readBrackets(cursor: Cursor, insensitive: boolean): CharacterSet {
  const start = cursor.at - 1
  const negated = cursor.skip('^')
  const ranges: (readonly [number, number])[] = []
  for (let first = true; first || cursor.peek() !== ']'; first = false) {
    if (cursor.done) cursor.fail('`[` is not closed', start)
    ranges.push(...readItem(cursor))
  }
  cursor.at++
  const set = setOf(ranges)
  const folded = insensitive ? ignoreCase(set) : set
  return negated ? negate(folded) : folded
}

function readItem(cursor: Cursor): CharacterSet {
  const start = cursor.at
  const posix = cursor.match(/\[:(\^?)([a-z]+):\]/y)
  if (posix !== undefined) return posixClass(cursor, posix, start)
  const low = readOne(cursor)
  if (cursor.peek() !== '-' || cursor.peek(1) === ']' || cursor.peek(1) === '') return low
  cursor.at++
  const high = readOne(cursor)
  const [from, to] = [codeOf(low), codeOf(high)]
  if (from === undefined || to === undefined) cursor.fail('a class cannot end a range', start)
  if (from > to) cursor.fail('the range is upside down', start)
  return [[from, to]]
}

function posixClass(cursor: Cursor, found: RegExpExecArray, start: number): CharacterSet {
  const [, not, name = ''] = found
  const set = posixClasses.get(name)
  if (set === undefined) cursor.fail(`there is no class \`[:${name}:]\``, start)
  return not === '^' ? negate(set) : set
}

function readOne(cursor: Cursor): CharacterSet {
  return cursor.skip('\\') ? readSetEscape(cursor) : single(cursor.take())
}

function codeOf(set: CharacterSet): number | undefined {
  const [first] = set
  return set.length === 1 && first?.[0] === first?.[1] ? first?.[0] : undefined
}
