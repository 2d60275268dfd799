import { between, type CharacterSet, lastCodePoint } from './set.ts'
import { type Regex } from './tree.ts'

/** More copies than these are not written out. */
const mostNodes = 1500

/**
 * The regex for V8 without `i`, `u` and counted repeats, which its linear engine does not take;
 * undefined when that would be too long or when both meanings of `^` or `$` are in it.
 */
export function emit(regex: Regex, plane: Plane): { source: string; flags: string } | undefined {
  const used = new Set<string>([plane])
  if (sizeOf(regex) > mostNodes) return undefined
  const source = write(regex, used)
  if (used.has('text') && used.has('line')) return undefined
  return { source, flags: used.has('line') ? 'm' : '' }
}

/** Texts that the written regex is for: those without surrogates, or all. */
export type Plane = 'bmp' | 'all'

/** Sets and assertions in the regex, repeats written out. */
export function sizeOf(regex: Regex): number {
  switch (regex.type) {
    case 'set':
    case 'assert':
      return 1
    case 'repeat': {
      const { min, max, item } = regex
      const times = Number.isFinite(max) ? max : min + 1
      return 1 + times * (sizeOf(item) + 1)
    }
    default:
      return regex.items.reduce((sum, item) => sum + sizeOf(item), 1)
  }
}

function write(regex: Regex, used: Set<string>): string {
  switch (regex.type) {
    case 'set':
      return writeSet(regex.set, used)
    case 'all':
      return regex.items
        .map(item => (item.type === 'any' ? group(item, used) : write(item, used)))
        .join('')
    case 'any':
      return regex.items.map(item => write(item, used)).join('|')
    case 'assert':
      return writeAssertion(regex.assertion, used)
    case 'repeat':
      return writeRepeat(regex, used)
  }
}

function group(regex: Regex, used: Set<string>): string {
  return `(?:${write(regex, used)})`
}

const assertions = {
  start: '^',
  'line-start': '^',
  end: '$',
  'line-end': '$',
  word: '\\b',
  'not-word': '\\B',
}

function writeAssertion(assertion: keyof typeof assertions, used: Set<string>): string {
  if (assertion === 'start' || assertion === 'end') used.add('text')
  if (assertion === 'line-start' || assertion === 'line-end') used.add('line')
  return assertions[assertion]
}

function writeRepeat({ item, min, max }: Regex & { type: 'repeat' }, used: Set<string>): string {
  const endless = !Number.isFinite(max)
  const one = item.type === 'set' ? writeSet(item.set, used) : group(item, used)
  if (endless) return min === 0 ? `${one}*` : `${one.repeat(min - 1)}${one}+`
  const optional = max - min
  return `${one.repeat(min)}${`(?:${one}`.repeat(optional)}${')?'.repeat(optional)}`
}

function writeSet(set: CharacterSet, used: ReadonlySet<string>): string {
  const low = [...between(set, 0, 0xd7ff), ...between(set, 0xe000, 0xffff)]
  const high = used.has('bmp') ? [] : between(set, 0x10000, lastCodePoint)
  if (high.length === 0) return low.length === 0 ? '[]' : brackets(low)
  const pairs = isAll(high) ? ['[\\ud800-\\udbff][\\udc00-\\udfff]'] : high.flatMap(surrogates)
  return `(?:${[...(low.length === 0 ? [] : [brackets(low)]), ...pairs].join('|')})`
}

function isAll([first]: CharacterSet): boolean {
  return first !== undefined && first[0] === 0x10000 && first[1] === lastCodePoint
}

/** The pairs of a range: where the first halves differ, part by part. */
function surrogates([low, high]: readonly [number, number]): string[] {
  const parts: string[] = []
  for (let from = low; from <= high; ) {
    const top = from >> 10
    const to = Math.min(high, (top << 10) | 0x3ff)
    const lead = 0xd800 + top - 0x40
    const trail = brackets([[0xdc00 + (from & 0x3ff), 0xdc00 + (to & 0x3ff)]])
    parts.push(`${unit(lead)}${trail}`)
    from = to + 1
  }
  return parts
}

function brackets(set: CharacterSet): string {
  const [first] = set
  if (set.length === 1 && first !== undefined && first[0] === first[1]) return unit(first[0])
  const ranges = set.map(([low, high]) => (low === high ? unit(low) : `${unit(low)}-${unit(high)}`))
  return `[${ranges.join('')}]`
}

function unit(code: number): string {
  const character = String.fromCharCode(code)
  if (/[A-Za-z0-9]/.test(character)) return character
  return `\\u${code.toString(16).padStart(4, '0')}`
}
