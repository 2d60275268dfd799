import { type Cursor } from './cursor.ts'
import { type Regex } from './tree.ts'

/** As RE2: no counted repeat over this, nested ones multiplied. */
const mostRepeats = 1000

/** The item with the repeat that follows it, if one does. */
export function readRepeat(cursor: Cursor, item: Regex): Regex {
  const start = cursor.at
  const counts = readCounts(cursor)
  if (counts === undefined) return item
  const { min, max } = counts
  if (max < min) cursor.fail('the repeat is upside down', start)
  if (cursor.skip('+'))
    cursor.fail('a possessive repeat (`++`) is not read; leave out the `+`', cursor.at - 1)
  cursor.skip('?')
  const again = cursor.at
  if (readCounts(cursor) !== undefined) cursor.fail('a repeat of a repeat', again)
  const repeat: Regex = { type: 'repeat', item, min, max }
  if (counted(repeat) > mostRepeats) cursor.fail(`repeats more than ${mostRepeats} times`, start)
  return repeat
}

function readCounts(cursor: Cursor): { min: number; max: number } | undefined {
  if (cursor.skip('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
  if (cursor.skip('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
  if (cursor.skip('?')) return { min: 0, max: 1 }
  const found = cursor.match(/\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/y)
  if (found === undefined) return undefined
  const min = Number(found[1])
  if (found[2] === undefined) return { min, max: min }
  return { min, max: found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]) }
}

function counted(regex: Regex): number {
  switch (regex.type) {
    case 'repeat': {
      const { min, max, item } = regex
      return Math.max(min, Number.isFinite(max) ? max : 0, 1) * counted(item)
    }
    case 'all':
    case 'any':
      return regex.items.reduce((most, item) => Math.max(most, counted(item)), 1)
    default:
      return 1
  }
}
