import { type Faults, quote } from '../fault.ts'

/** A word, a parenthesis, or something that is neither. */
interface Token {
  readonly text: string
  readonly kind: 'word' | 'open' | 'close' | 'other'
}

/** Reads `a and (b or not c)` and says how its leaves are made. */
export interface Language<T> {
  readonly and: (items: readonly T[]) => T
  readonly or: (items: readonly T[]) => T
  readonly not: (item: T) => T
  /** A word, with the two that follow it in `1 of pattern`; undefined after a fault. */
  readonly leaf: (word: string) => T | undefined
  readonly quantified: ((quantifier: string, pattern: string) => T | undefined) | undefined
}

const longest = 16_384
const deepest = 100

/**
 * The meaning of a condition, `not` before `and` before `or`; undefined with a fault at `offset`
 * where it has none.
 */
export function parseBoolean<T>(
  text: string,
  offset: number,
  faults: Faults,
  language: Language<T>,
): T | undefined {
  if (text.length > longest) {
    return faults.error(offset, `the condition is over ${longest} characters long`)
  }
  const parser = new Parser(text, language, message => faults.error(offset, message))
  return parser.parse()
}

class Parser<T> {
  readonly #tokens: readonly Token[]
  readonly #language: Language<T>
  readonly #text: string
  readonly #fail: (message: string) => undefined
  #at = 0
  #depth = 0

  constructor(text: string, language: Language<T>, fail: (message: string) => undefined) {
    this.#tokens = tokenize(text)
    this.#text = text
    this.#language = language
    this.#fail = fail
  }

  parse(): T | undefined {
    const alien = this.#tokens.find(({ kind }) => kind === 'other')
    if (alien !== undefined) return this.#fail(complaint(alien.text, this.#text))
    const result = this.#or()
    const rest = this.#tokens[this.#at]
    if (result === undefined || rest === undefined) return result
    return this.#fail(`${quote(rest.text)} is not expected here; \`and\` or \`or\` joins two parts`)
  }

  #or(): T | undefined {
    return this.#chain(
      'or',
      () => this.#chain('and', () => this.#unary(), this.#language.and),
      this.#language.or,
    )
  }

  #chain(
    operator: string,
    operand: () => T | undefined,
    join: (items: readonly T[]) => T,
  ): T | undefined {
    const items: (T | undefined)[] = [operand()]
    while (items.at(-1) !== undefined && this.#takeWord(operator)) items.push(operand())
    const found = items.filter(item => item !== undefined)
    const [only] = found
    if (found.length < items.length || only === undefined) return undefined
    return found.length === 1 ? only : join(found)
  }

  #unary(): T | undefined {
    if (++this.#depth > deepest) return this.#fail('the condition is nested too deeply')
    const result = this.#takeWord('not') ? this.#negated() : this.#primary()
    this.#depth--
    return result
  }

  #negated(): T | undefined {
    const item = this.#unary()
    return item === undefined ? undefined : this.#language.not(item)
  }

  #primary(): T | undefined {
    const token = this.#tokens[this.#at++]
    if (token === undefined) return this.#fail('the condition ends where a selection is expected')
    if (token.kind === 'open') return this.#group()
    if (token.kind === 'close' || /^(?:and|or|not|of)$/i.test(token.text)) {
      return this.#fail(`${quote(token.text)} stands where a selection is expected`)
    }
    if (this.#language.quantified !== undefined && this.#takeWord('of')) {
      const pattern = this.#tokens[this.#at++]
      if (pattern?.kind === 'word') return this.#language.quantified(token.text, pattern.text)
      return this.#fail('`of` is followed by `them`, a selection, or a pattern such as `filter_*`')
    }
    return this.#language.leaf(token.text)
  }

  #group(): T | undefined {
    const inner = this.#or()
    if (inner === undefined) return undefined
    if (this.#tokens[this.#at++]?.kind === 'close') return inner
    return this.#fail('a parenthesis is not closed')
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false
    this.#at++
    return true
  }
}

function tokenize(text: string): Token[] {
  return Array.from(text.matchAll(/[\w*-]+|[()]|[^\s\w*()-]+/g), ([found]) => {
    if (found === '(') return { text: found, kind: 'open' }
    if (found === ')') return { text: found, kind: 'close' }
    return { text: found, kind: /^[\w*-]/.test(found) ? 'word' : 'other' }
  })
}

function complaint(alien: string, text: string): string {
  if (/\|\s*(?:count|min|max|avg|sum|near)\b/.test(text)) {
    return 'aggregations in a condition are gone from Sigma; write a correlation document'
  }
  return `${quote(alien)} has no meaning in a condition; allowed are selections, and, or, not, 1 of, all of, ( )`
}

/** Whether the condition writes `AND`, `OR` or `NOT`. */
export function isShouted(text: string): boolean {
  return /(?:^|[\s()])(?:AND|OR|NOT)(?:[\s()]|$)/.test(text)
}
