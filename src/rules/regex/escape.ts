import { type Cursor } from './cursor.ts'
import { type CharacterSet, classEscapes, single } from './set.ts'
import { type Assertion } from './tree.ts'

const controls = new Map([
  ['n', 0x0a],
  ['t', 0x09],
  ['r', 0x0d],
  ['f', 0x0c],
  ['v', 0x0b],
  ['a', 0x07],
])

const assertions = new Map<string, Assertion>([
  ['b', 'word'],
  ['B', 'not-word'],
  ['A', 'start'],
  ['z', 'end'],
])

/** What follows a backslash: an assertion, or the characters it stands for. */
export function readEscape(cursor: Cursor): Assertion | CharacterSet {
  const letter = cursor.peek()
  const assertion = assertions.get(letter)
  if (assertion === undefined) return readSetEscape(cursor)
  cursor.at++
  return assertion
}

/** As `readEscape`, inside brackets, where there are no assertions. */
export function readSetEscape(cursor: Cursor): CharacterSet {
  const start = cursor.at - 1
  const letter = cursor.peek()
  const set = classEscapes.get(letter)
  const control = controls.get(letter)
  if (set !== undefined || control !== undefined) cursor.at++
  if (set !== undefined) return set
  if (control !== undefined) return single(control)
  return single(numbered(cursor, start) ?? plain(cursor, start))
}

/** `\x41`, `\x{1F600}`, `\012`, `\u0041`. */
function numbered(cursor: Cursor, start: number): number | undefined {
  const octal = cursor.match(/0[0-7]{0,2}|[1-7][0-7]{2}/y)
  if (octal !== undefined) return Number.parseInt(octal[0], 8)
  if (/[1-9]/.test(cursor.peek())) {
    cursor.fail('a back reference cannot be matched in linear time', start)
  }
  const hex = cursor.match(/x(?:([0-9a-f]{2})|\{([0-9a-f]{1,6})\})|u([0-9a-f]{4})/iy)
  const digits = hex?.[1] ?? hex?.[2] ?? hex?.[3]
  if (digits === undefined) return undefined
  const code = Number.parseInt(digits, 16)
  return code <= 0x10ffff ? code : cursor.fail('there is no such code point', start)
}

const known = new Map([
  ['p', 'Unicode classes are not read; write the characters out'],
  ['P', 'Unicode classes are not read; write the characters out'],
  ['Z', '`\\Z` is not read; use `$` or `\\z`'],
  ['k', 'a back reference cannot be matched in linear time'],
  ['g', 'a back reference cannot be matched in linear time'],
  ['b', '`\\b` has no meaning in brackets'],
])

function plain(cursor: Cursor, start: number): number {
  if (cursor.done) cursor.fail('a backslash at the end escapes nothing; write `\\\\`', start)
  const letter = cursor.peek()
  if (/[A-Za-z0-9]/.test(letter)) {
    cursor.fail(known.get(letter) ?? `there is no escape \`\\${letter}\``, start)
  }
  return cursor.take()
}
