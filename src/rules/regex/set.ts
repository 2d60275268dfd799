/** Code points as ranges `[low, high]`, sorted, apart from each other. */
export type CharacterSet = readonly (readonly [number, number])[]

export const lastCodePoint = 0x10ffff

/** The set in its normal form. */
export function setOf(ranges: CharacterSet): CharacterSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const joined: [number, number][] = []
  for (const [low, high] of sorted) {
    const before = joined.at(-1)
    if (before !== undefined && low <= before[1] + 1) before[1] = Math.max(before[1], high)
    else joined.push([low, high])
  }
  return joined
}

export function single(code: number): CharacterSet {
  return [[code, code]]
}

/** Everything that the set lacks. */
export function negate(set: CharacterSet): CharacterSet {
  const rest: [number, number][] = []
  let from = 0
  for (const [low, high] of set) {
    if (low > from) rest.push([from, low - 1])
    from = high + 1
  }
  if (from <= lastCodePoint) rest.push([from, lastCodePoint])
  return rest
}

export function contains(set: CharacterSet, code: number): boolean {
  for (const [low, high] of set) if (code <= high) return code >= low
  return false
}

/** The part of the set between two code points. */
export function between(set: CharacterSet, from: number, to: number): CharacterSet {
  return set
    .filter(([low, high]) => high >= from && low <= to)
    .map(([low, high]) => [Math.max(low, from), Math.min(high, to)])
}

/** The set with the other cases of its letters. */
export function ignoreCase(set: CharacterSet): CharacterSet {
  const more: [number, number][] = [...set].map(([low, high]) => [low, high])
  for (const [low, high] of set) {
    // Above the BMP only Deseret and a few like it have cases.
    for (let code = low; code <= Math.min(high, 0x1ffff); code++) {
      for (const other of cases(code)) more.push([other, other])
    }
  }
  return setOf(more)
}

function cases(code: number): readonly number[] {
  if (code > 0x7f || code === 0x4b || code === 0x6b || code === 0x53 || code === 0x73) {
    return orbits().get(code) ?? []
  }
  if (code >= 0x41 && code <= 0x5a) return [code + 32]
  return code >= 0x61 && code <= 0x7a ? [code - 32] : []
}

let made: Map<number, readonly number[]> | undefined

/** Letters that differ in case only, such as `k`, `K` and the Kelvin sign; made when first needed. */
function orbits(): Map<number, readonly number[]> {
  if (made !== undefined) return made
  const groups = new Map<string, number[]>()
  for (let code = 0; code <= 0x1ffff; code++) {
    const character = String.fromCodePoint(code)
    const upper = character.toUpperCase()
    const key = (Array.from(upper).length === 1 ? upper : character).toLowerCase()
    if (key === character && upper === character) continue
    groups.set(key, [...(groups.get(key) ?? []), code])
  }
  made = new Map()
  for (const group of groups.values()) for (const code of group) made.set(code, group)
  return made
}

const digit: CharacterSet = [[0x30, 0x39]]
const word = setOf([...digit, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]])
const space: CharacterSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
]

/** `\d`, `\s`, `\w` and their opposites; ASCII, as in RE2. */
export const classEscapes: ReadonlyMap<string, CharacterSet> = new Map([
  ['d', digit],
  ['D', negate(digit)],
  ['s', space],
  ['S', negate(space)],
  ['w', word],
  ['W', negate(word)],
])

const upper: CharacterSet = [[0x41, 0x5a]]
const lower: CharacterSet = [[0x61, 0x7a]]

/** `[[:alpha:]]` and the like. */
export const posixClasses: ReadonlyMap<string, CharacterSet> = new Map([
  ['alnum', setOf([...digit, ...upper, ...lower])],
  ['alpha', setOf([...upper, ...lower])],
  ['ascii', [[0, 0x7f]]],
  ['blank', setOf([...single(0x09), ...single(0x20)])],
  ['cntrl', setOf([[0, 0x1f], ...single(0x7f)])],
  ['digit', digit],
  ['graph', [[0x21, 0x7e]]],
  ['lower', lower],
  ['print', [[0x20, 0x7e]]],
  [
    'punct',
    [
      [0x21, 0x2f],
      [0x3a, 0x40],
      [0x5b, 0x60],
      [0x7b, 0x7e],
    ],
  ],
  ['space', space],
  ['upper', upper],
  ['word', word],
  ['xdigit', setOf([...digit, [0x41, 0x46], [0x61, 0x66]])],
])
