import { type TextShape } from './node.ts'

/** More literals than these are looked up together, not one after the other. */
const few = 4

/** A test whether a text stands to one of the literals as `shape` says. */
export function literalsTest(shape: TextShape, literals: readonly string[]): Test {
  switch (shape) {
    case 'equals': {
      const set = new Set(literals)
      return text => set.has(text)
    }
    case 'startswith':
      return literals.length > few
        ? byLength(literals)
        : text => literals.some(literal => text.startsWith(literal))
    case 'endswith':
      return literals.length > few
        ? byEnd(literals)
        : text => literals.some(literal => text.endsWith(literal))
    case 'contains':
      return containsTest(literals)
  }
}

type Test = (text: string) => boolean

function containsTest(literals: readonly string[]): Test {
  const [only] = literals
  if (only !== undefined && literals.length === 1) return text => text.includes(only)
  if (literals.length <= few) return text => literals.some(literal => text.includes(literal))
  // One pass over the text; alternatives without repeats cannot step back far.
  const source = literals.map(text => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')
  const regex = new RegExp(source)
  return text => regex.test(text)
}

/** Only those with the last two characters of the text are tried, so no text is made. */
function byEnd(literals: readonly string[]): Test {
  const width = Math.min(2, ...literals.map(({ length }) => length))
  const groups = new Map<number, string[]>()
  for (const literal of literals) {
    const end = endOf(literal, width)
    const group = groups.get(end)
    if (group === undefined) groups.set(end, [literal])
    else group.push(literal)
  }
  return text => {
    const group = groups.get(endOf(text, width))
    if (group === undefined) return false
    for (const literal of group) if (text.endsWith(literal)) return true
    return false
  }
}

function endOf(text: string, width: number): number {
  if (width === 0) return 0
  const last = text.charCodeAt(text.length - 1)
  return width === 1 ? last : last * 65_536 + text.charCodeAt(text.length - 2)
}

function byLength(literals: readonly string[]): Test {
  const sets = new Map<number, Set<string>>()
  for (const literal of literals) {
    const set = sets.get(literal.length)
    if (set === undefined) sets.set(literal.length, new Set([literal]))
    else set.add(literal)
  }
  const lengths = [...sets].sort(([a], [b]) => a - b)
  return text => {
    for (const [length, set] of lengths) {
      if (length > text.length) return false
      if (set.has(text.slice(0, length))) return true
    }
    return false
  }
}

/**
 * The numbers whose text is one of the (folded) literals. Undefined when that cannot be said of
 * numbers: `NaN` and `Infinity` have texts that are no numbers.
 */
export function numbersOf(literals: readonly string[]): readonly number[] | undefined {
  if (literals.some(literal => /^-?(?:nan|infinity)$/i.test(literal))) return undefined
  return literals.map(Number).filter((number, index) => String(number) === literals[index])
}
