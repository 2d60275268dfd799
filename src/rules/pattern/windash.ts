import { type PatternPart } from '../ast.ts'
import { type Pattern } from './parts.ts'

/** What may stand where a parameter's dash or slash stands. */
const dashes = '-/\u2013\u2014\u2015'

/**
 * `-` and `/` before a word and after none (`\B[-/]\b`) as a set of all dashes: one test instead of
 * 5^n spellings.
 */
export function windash(pattern: Pattern): Pattern {
  return pattern.flatMap(part => (typeof part === 'string' ? split(part) : [part]))
}

function split(text: string): PatternPart[] {
  const parts: PatternPart[] = []
  let from = 0
  for (const { index } of text.matchAll(/\B[-/]\b/g)) {
    parts.push(text.slice(from, index), { oneOf: dashes })
    from = index + 1
  }
  parts.push(text.slice(from))
  return parts.filter(part => part !== '')
}

/** Every spelling of a pattern with sets, at most `limit`; undefined when there are more. */
export function spellings(pattern: Pattern, limit: number): Pattern[] | undefined {
  let found: PatternPart[][] = [[]]
  for (const part of pattern) {
    const options = typeof part === 'object' && 'oneOf' in part ? Array.from(part.oneOf) : [part]
    if (found.length * options.length > limit) return undefined
    found = found.flatMap(start => options.map(option => [...start, option]))
  }
  return found
}
