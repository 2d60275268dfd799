import { fold } from '../pattern/fold.ts'
import { type CharacterSet } from './set.ts'
import { type Regex } from './tree.ts'

/** More alternatives than these gate nothing. */
const mostLiterals = 32

/** Texts of which one must stand wherever the item matches, and whether the item is just one of them. */
interface Literals {
  readonly texts: readonly string[]
  readonly exact: boolean
}

const none: Literals = { texts: [''], exact: false }

/**
 * Folded texts of which one stands in the folded text wherever the regex matches: the longest that
 * can be had. Undefined when the regex asks for no text in particular.
 */
export function gateOf(regex: Regex): readonly string[] | undefined {
  const { texts } = literalsOf(regex)
  return weight(texts) === 0 ? undefined : [...new Set(texts)]
}

function literalsOf(regex: Regex): Literals {
  switch (regex.type) {
    case 'set':
      return ofSet(regex.set)
    case 'assert':
      return { texts: [''], exact: true }
    case 'all':
      return ofSequence(regex.items.map(literalsOf))
    case 'any':
      return ofAlternatives(regex.items.map(literalsOf))
    case 'repeat': {
      if (regex.min === 0) return none
      const inner = literalsOf(regex.item)
      return { texts: inner.texts, exact: inner.exact && regex.min === 1 && regex.max === 1 }
    }
  }
}

function ofSet(set: CharacterSet): Literals {
  const texts = new Set<string>()
  for (const [low, high] of set) {
    if (high - low > mostLiterals) return none
    for (let code = low; code <= high; code++) texts.add(fold(String.fromCodePoint(code)))
  }
  if (texts.size === 0 || texts.size > 4) return none
  return { texts: [...texts], exact: true }
}

function ofAlternatives(items: readonly Literals[]): Literals {
  const texts = items.flatMap(item => item.texts)
  if (texts.length > mostLiterals) return none
  return { texts, exact: items.every(item => item.exact) }
}

/** Exact neighbours grow together; of the runs that come of it the best is kept. */
function ofSequence(items: readonly Literals[]): Literals {
  let best: readonly string[] = ['']
  let run: readonly string[] = ['']
  let exact = true
  const keep = (texts: readonly string[]) => {
    if (weight(texts) > weight(best)) best = texts
  }
  for (const item of items) {
    const grown = item.exact ? product(run, item.texts) : undefined
    exact &&= grown !== undefined
    if (grown === undefined) {
      keep(run)
      keep(item.texts)
      run = item.exact ? item.texts : ['']
    } else run = grown
  }
  keep(run)
  return exact ? { texts: run, exact } : { texts: best, exact }
}

function product(starts: readonly string[], ends: readonly string[]): string[] | undefined {
  if (starts.length * ends.length > mostLiterals) return undefined
  return starts.flatMap(start => ends.map(end => start + end))
}

/** The shortest decides how much a set of texts keeps out. */
function weight(texts: readonly string[]): number {
  return texts.reduce((least, text) => Math.min(least, text.length), Number.POSITIVE_INFINITY)
}
