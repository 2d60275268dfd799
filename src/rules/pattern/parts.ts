import { type PatternPart } from '../ast.ts'

/** A pattern as written, before it is folded: plain text, wildcards, sets. */
export type Pattern = readonly PatternPart[]

export const anyText: PatternPart = { wild: 'many' }
export const anyCharacter: PatternPart = { wild: 'one' }

/**
 * A Sigma value: `*` and `?` are wildcards, a backslash before one of them or before another
 * backslash takes its meaning away, any other backslash stands for itself.
 */
export function parsePattern(text: string): Pattern {
  return /[\\*?]/.test(text) ? parseParts(text) : join([text])
}

function parseParts(text: string): Pattern {
  const parts: PatternPart[] = []
  let literal = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    const next = text.charAt(index + 1)
    if (character === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += next
      index++
    } else if (character === '*' || character === '?') {
      parts.push(literal, character === '*' ? anyText : anyCharacter)
      literal = ''
    } else literal += character
  }
  return join([...parts, literal])
}

/** The same pattern without empty texts, neighbouring texts as one, and `**` as `*`. */
export function join(parts: Pattern): Pattern {
  const joined: PatternPart[] = []
  for (const part of parts) {
    const before = joined.at(-1)
    if (part === '' || (isMany(part) && before !== undefined && isMany(before))) continue
    if (typeof part === 'string' && typeof before === 'string')
      joined[joined.length - 1] = before + part
    else joined.push(part)
  }
  return joined
}

export function isMany(part: PatternPart): boolean {
  return typeof part === 'object' && 'wild' in part && part.wild === 'many'
}

/** Whether the pattern holds `*` or `?`. */
export function hasWildcard(pattern: Pattern): boolean {
  return pattern.some(part => typeof part === 'object' && 'wild' in part)
}

/** The text of a pattern without wildcards and sets; undefined with them. */
export function plainText(pattern: Pattern): string | undefined {
  return pattern.every(part => typeof part === 'string') ? pattern.join('') : undefined
}
