import { type PatternPart } from '../ast.ts'
import { isMany, type Pattern } from './parts.ts'

/**
 * A test of a whole text against a pattern of any form. Steps back to the last `*` only, so it takes
 * at most |text| x |pattern| steps. Wildcards cross newlines; `?` is one code point.
 */
export function globTest(pattern: Pattern): (text: string) => boolean {
  const steps = pattern.flatMap<Step>(toSteps)
  return text => run(steps, text)
}

/** `*`, or what takes characters: their number from `at`, -1 where it does not fit. */
type Step = 'many' | ((text: string, at: number) => number)

function toSteps(part: PatternPart): Step[] {
  if (typeof part === 'string') {
    return [(text, at) => (text.startsWith(part, at) ? part.length : -1)]
  }
  if (isMany(part)) return ['many']
  if ('wild' in part) return [(text, at) => widthAt(text, at)]
  const { oneOf } = part
  return [(text, at) => (at < text.length && oneOf.includes(text.charAt(at)) ? 1 : -1)]
}

function widthAt(text: string, at: number): number {
  const code = text.codePointAt(at)
  if (code === undefined) return -1
  return code > 0xffff ? 2 : 1
}

function run(steps: readonly Step[], text: string): boolean {
  let [step, at] = [0, 0]
  let [retryStep, retryAt] = [-1, -1]
  while (step < steps.length || at < text.length) {
    if (steps[step] === 'many') {
      step++
      retryStep = step
      retryAt = at
      if (step === steps.length) return true
      continue
    }
    const width = widthOf(steps[step], text, at)
    if (width >= 0) {
      at += width
      step++
      continue
    }
    // The latest `*` takes one character more.
    if (retryStep < 0 || retryAt >= text.length) return false
    retryAt += widthAt(text, retryAt)
    at = retryAt
    step = retryStep
  }
  return true
}

/** Behind the last step nothing fits. */
function widthOf(step: Step | undefined, text: string, at: number): number {
  return typeof step === 'function' ? step(text, at) : -1
}
