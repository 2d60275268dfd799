import { type TextMatch } from '../ast.ts'
import { fold } from '../pattern/fold.ts'
import { globTest } from '../pattern/glob.ts'

/** A test of a text against a pattern. */
export function textTest(match: TextMatch): (text: string) => boolean {
  const test = foldedTest(match)
  return match.cased ? test : text => test(fold(text))
}

/** The same for a text that has been folded already (or must not be, for a cased match). */
export function foldedTest({ shape, literal, parts }: TextMatch): (text: string) => boolean {
  switch (shape) {
    case 'equals':
      return text => text === literal
    case 'startswith':
      return text => text.startsWith(literal)
    case 'endswith':
      return text => text.endsWith(literal)
    case 'contains':
      return text => text.includes(literal)
    case 'any':
      return () => true
    case 'glob':
      return globTest(parts)
  }
}
