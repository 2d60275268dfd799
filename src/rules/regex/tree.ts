import { type CharacterSet } from './set.ts'

/**
 * A regex of the RE2 subset. Flags are gone: `i` and `s` are in the sets, `m` in the assertions,
 * greed does not matter for whether something is found.
 */
export type Regex =
  | { readonly type: 'set'; readonly set: CharacterSet }
  | { readonly type: 'all'; readonly items: readonly Regex[] }
  | { readonly type: 'any'; readonly items: readonly Regex[] }
  | { readonly type: 'repeat'; readonly item: Regex; readonly min: number; readonly max: number }
  | { readonly type: 'assert'; readonly assertion: Assertion }

export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'not-word'

export interface RegexFlags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
}

/** Why a regex is refused, and at which character of it. */
export class RegexError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}
