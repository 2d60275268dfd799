import { type Cursor } from './cursor.ts'
import { type RegexFlags } from './tree.ts'

const refused: readonly (readonly [string, string])[] = [
  ['?=', 'lookahead (`(?=`) cannot be matched in linear time'],
  ['?!', 'lookahead (`(?!`) cannot be matched in linear time; put what it excludes in a `not`'],
  ['?<=', 'lookbehind (`(?<=`) cannot be matched in linear time'],
  ['?<!', 'lookbehind (`(?<!`) cannot be matched in linear time'],
  ['?>', 'an atomic group (`(?>`) is not read; a plain group finds the same'],
  ['?(', 'a conditional group (`(?(`) is not read'],
  ['?#', 'a comment (`(?#`) is not read'],
  ['?P=', 'a back reference cannot be matched in linear time'],
]

/** What stands after `(`: flags for the group, or (`ends`) for the rest of the one around it. */
export function openGroup(
  cursor: Cursor,
  flags: RegexFlags,
  start: number,
): { flags: RegexFlags; ends: boolean } {
  for (const [text, reason] of refused) {
    if (cursor.text.startsWith(text, cursor.at)) cursor.fail(reason, start)
  }
  if (cursor.peek() !== '?') return { flags, ends: false }
  if (cursor.match(/\?P?<[A-Za-z_]\w*>/y) !== undefined) return { flags, ends: false }
  const found = cursor.match(/\?([imsU]*)(?:-([imsU]+))?([:)])/y)
  if (found === undefined) return cursor.fail(`there is no group \`(?${cursor.peek(1)}\``, start)
  const [, on = '', off = '', end] = found
  return { flags: change(flags, on, off), ends: end === ')' }
}

export function closeGroup(cursor: Cursor, start: number): void {
  if (!cursor.skip(')')) cursor.fail('`(` is not closed', start)
}

function change(flags: RegexFlags, on: string, off: string): RegexFlags {
  const set = (name: keyof RegexFlags) => (on.includes(name) || flags[name]) && !off.includes(name)
  return { i: set('i'), m: set('m'), s: set('s') }
}
