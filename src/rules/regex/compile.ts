import { setFlagsFromString } from 'node:v8'
import { type RegexMatch } from '../ast.ts'
import { emit, type Plane, sizeOf } from './emit.ts'
import { gateOf } from './gate.ts'
import { nfaTest } from './nfa.ts'
import { parseRegex } from './parse.ts'
import { type Regex, RegexError, type RegexFlags } from './tree.ts'

/** Characters of a value that a regex looks at. */
export const regexReach = 4096

/** Sets and assertions, repeats written out, of the biggest regex that is taken. */
const mostSteps = 5000

// V8 then changes to its linear engine when a regex steps back too often. Before any is compiled.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
setFlagsFromString('--regexp-backtracks-before-fallback=10000')

/** Where the regex must stand: anywhere, at the start, or at the end of the text. */
export type Anchor = 'none' | 'start' | 'end' | 'both'

/** A regex of a rule, or why it cannot be one: bad syntax, not linear, too big. */
export function compileRegex(
  source: string,
  flags: RegexFlags,
  anchor: Anchor = 'none',
): RegexMatch | RegexError {
  try {
    const regex = anchored(parseRegex(source, flags), anchor)
    if (sizeOf(regex) > mostSteps) return new RegexError('repeats too much in all', 0)
    const test = v8Test(regex) ?? nfaTest(regex)
    const letters = (['i', 'm', 's'] as const).filter(name => flags[name]).join('')
    return { kind: 'regex', source, flags: letters, test: reach(test), gate: gateOf(regex) }
  } catch (error) {
    if (error instanceof RegexError) return error
    throw error
  }
}

function anchored(regex: Regex, anchor: Anchor): Regex {
  const start: Regex[] = [{ type: 'assert', assertion: 'start' }]
  const end: Regex[] = [{ type: 'assert', assertion: 'end' }]
  if (anchor === 'none') return regex
  return {
    type: 'all',
    items: [...(anchor === 'end' ? [] : start), regex, ...(anchor === 'start' ? [] : end)],
  }
}

function reach(test: (text: string) => boolean): (text: string) => boolean {
  return text => test(text.length > regexReach ? text.slice(0, regexReach) : text)
}

/** V8's own engine where it can fall back to the linear one for this very regex. */
function v8Test(regex: Regex): ((text: string) => boolean) | undefined {
  const simple = v8Regex(regex, 'bmp')
  if (simple === undefined) return undefined
  let exact: ((text: string) => boolean) | undefined
  return text => {
    if (!surrogate.test(text)) return simple.test(text)
    exact ??= exactTest(regex)
    return exact(text)
  }
}

/** Emoji are rare, and what counts them as one character is slower: made when first needed. */
function exactTest(regex: Regex): (text: string) => boolean {
  const compiled = v8Regex(regex, 'all')
  return compiled === undefined ? nfaTest(regex) : text => compiled.test(text)
}

const surrogate = /[\ud800-\udfff]/

function v8Regex(regex: Regex, plane: Plane): RegExp | undefined {
  const written = emit(regex, plane)
  if (written === undefined || !isLinear(written.source, written.flags)) return undefined
  const compiled = new RegExp(written.source, written.flags)
  // V8 compiles when a regex is first used: better now than amid traffic.
  compiled.test('')
  return compiled
}

/** Whether V8's linear engine takes the regex: its flag `l` says so, where there is such an engine. */
function isLinear(source: string, flags: string): boolean {
  setFlagsFromString('--enable-experimental-regexp-engine')
  try {
    new RegExp(source, `l${flags}`)
    return true
  } catch {
    return false
  } finally {
    setFlagsFromString('--no-enable-experimental-regexp-engine')
  }
}
