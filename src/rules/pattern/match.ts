import { type PatternPart, type TextMatch } from '../ast.ts'
import { fold } from './fold.ts'
import { isMany, join, type Pattern } from './parts.ts'

/** The match for a whole text against a pattern, folded unless `cased`. */
export function textMatch(pattern: Pattern, cased: boolean): TextMatch {
  const parts = join(pattern).map(part => (cased ? part : foldPart(part)))
  return { kind: 'text', ...shapeOf(parts), parts, cased }
}

function foldPart(part: PatternPart): PatternPart {
  if (typeof part === 'string') return fold(part)
  return 'oneOf' in part ? { oneOf: fold(part.oneOf) } : part
}

/** What the parts come to. */
function shapeOf(parts: Pattern): Pick<TextMatch, 'shape' | 'literal'> {
  const open = parts[0] !== undefined && isMany(parts[0])
  const rest = open ? parts.slice(1) : parts
  const last = rest.at(-1)
  const ends = last !== undefined && isMany(last)
  const middle = ends ? rest.slice(0, -1) : rest
  const [literal = '', ...more] = middle
  if (more.length > 0 || typeof literal !== 'string')
    return { shape: 'glob', literal: longest(parts) }
  if (literal === '' && open) return { shape: 'any', literal: '' }
  if (open) return { shape: ends ? 'contains' : 'endswith', literal }
  return { shape: ends ? 'startswith' : 'equals', literal }
}

function longest(parts: Pattern): string {
  let best = ''
  for (const part of parts) if (typeof part === 'string' && part.length > best.length) best = part
  return best
}
