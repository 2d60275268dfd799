import { readBrackets } from './brackets.ts'
import { Cursor } from './cursor.ts'
import { readEscape } from './escape.ts'
import { closeGroup, openGroup } from './group.ts'
import { readRepeat } from './repeat.ts'
import { ignoreCase, negate, single } from './set.ts'
import { type Regex, type RegexFlags } from './tree.ts'

const longest = 8192
const deepest = 100

/**
 * A regex of the RE2 subset (what RE2 reads, without Unicode classes). Throws `RegexError` for all
 * else, with the reason.
 */
export function parseRegex(text: string, flags: RegexFlags): Regex {
  const cursor = new Cursor(text)
  if (text.length > longest) cursor.fail(`longer than ${longest} characters`)
  const [regex] = readAlternatives(cursor, flags, 0)
  if (!cursor.done) cursor.fail('`)` closes nothing')
  return regex
}

/** Alternatives up to `)` or the end, and the flags as they are then. */
function readAlternatives(cursor: Cursor, flags: RegexFlags, depth: number): [Regex, RegexFlags] {
  if (depth > deepest) cursor.fail('nested too deeply')
  const items: Regex[] = []
  let now = flags
  do {
    const [item, after] = readSequence(cursor, now, depth)
    items.push(item)
    now = after
  } while (cursor.skip('|'))
  const [only] = items
  return [items.length === 1 && only !== undefined ? only : { type: 'any', items }, now]
}

function readSequence(cursor: Cursor, flags: RegexFlags, depth: number): [Regex, RegexFlags] {
  const items: Regex[] = []
  let now = flags
  while (!cursor.done && cursor.peek() !== '|' && cursor.peek() !== ')') {
    if (cursor.skip('\\Q')) {
      items.push(...readQuoted(cursor, now))
      continue
    }
    const read = readAtom(cursor, now, depth)
    if ('flags' in read) now = read.flags
    else items.push(readRepeat(cursor, read))
  }
  return [{ type: 'all', items }, now]
}

function readAtom(cursor: Cursor, flags: RegexFlags, depth: number): Regex | { flags: RegexFlags } {
  const start = cursor.at
  const character = String.fromCodePoint(cursor.take())
  switch (character) {
    case '(': {
      const group = openGroup(cursor, flags, start)
      if (group.ends) return { flags: group.flags }
      const [regex] = readAlternatives(cursor, group.flags, depth + 1)
      closeGroup(cursor, start)
      return regex
    }
    case '[':
      return { type: 'set', set: readBrackets(cursor, flags.i) }
    case '.':
      return { type: 'set', set: negate(flags.s ? [] : single(0x0a)) }
    case '^':
      return { type: 'assert', assertion: flags.m ? 'line-start' : 'start' }
    case '$':
      return { type: 'assert', assertion: flags.m ? 'line-end' : 'end' }
    case '\\':
      return escaped(cursor, flags)
    case '*':
    case '+':
    case '?':
      return cursor.fail(`\`${character}\` repeats nothing`, start)
    default:
      return letter(character.codePointAt(0) ?? 0, flags)
  }
}

function escaped(cursor: Cursor, flags: RegexFlags): Regex {
  const read = readEscape(cursor)
  if (typeof read === 'string') return { type: 'assert', assertion: read }
  return { type: 'set', set: flags.i ? ignoreCase(read) : read }
}

function letter(code: number, { i }: RegexFlags): Regex {
  return { type: 'set', set: i ? ignoreCase(single(code)) : single(code) }
}

/** `\Q...\E`: as it stands. */
function readQuoted(cursor: Cursor, flags: RegexFlags): Regex[] {
  const items: Regex[] = []
  while (!cursor.done && !cursor.skip('\\E')) items.push(letter(cursor.take(), flags))
  return items
}
