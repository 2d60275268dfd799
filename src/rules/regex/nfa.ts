import { type CharacterSet, classEscapes, contains } from './set.ts'
import { type Assertion, type Regex } from './tree.ts'

/** One step of the machine: take a character, assert, go on at two places, or found. */
type Step =
  | { readonly type: 'set'; readonly set: CharacterSet }
  | { readonly type: 'assert'; readonly assertion: Assertion }
  | { readonly type: 'fork'; one: number; two: number }
  | { readonly type: 'found' }

/**
 * Thompson's machine: linear in the text for every regex. For those that V8 cannot promise that for,
 * and to check the others against.
 */
export function nfaTest(regex: Regex): (text: string) => boolean {
  const steps: Step[] = []
  build(regex, steps)
  steps.push({ type: 'found' })
  return text => new Run(steps, text).find()
}

/** Appends the steps of a regex; what follows it stands right behind. */
function build(regex: Regex, steps: Step[]): void {
  switch (regex.type) {
    case 'set':
    case 'assert':
      steps.push(regex)
      return
    case 'all':
      for (const item of regex.items) build(item, steps)
      return
    case 'any':
      buildAny(regex.items, steps)
      return
    case 'repeat':
      buildRepeat(regex, steps)
  }
}

function buildAny(items: readonly Regex[], steps: Step[]): void {
  const jumps: (Step & { type: 'fork' })[] = []
  for (const [index, item] of items.entries()) {
    const last = index === items.length - 1
    const fork = pushFork(steps)
    build(item, steps)
    if (!last) jumps.push(pushFork(steps))
    fork.two = last ? fork.one : steps.length
  }
  for (const jump of jumps) jump.one = jump.two = steps.length
}

function buildRepeat({ item, min, max }: Regex & { type: 'repeat' }, steps: Step[]): void {
  for (let count = 0; count < min; count++) build(item, steps)
  if (!Number.isFinite(max)) {
    const start = steps.length
    const fork = pushFork(steps)
    build(item, steps)
    const back = pushFork(steps)
    back.one = back.two = start
    fork.two = steps.length
    return
  }
  const forks: (Step & { type: 'fork' })[] = []
  for (let count = min; count < max; count++) {
    forks.push(pushFork(steps))
    build(item, steps)
  }
  for (const fork of forks) fork.two = steps.length
}

/** A fork whose first way is the next step; the second is set later. */
function pushFork(steps: Step[]): Step & { type: 'fork' } {
  const fork = { type: 'fork' as const, one: steps.length + 1, two: steps.length + 1 }
  steps.push(fork)
  return fork
}

class Run {
  readonly #steps: readonly Step[]
  readonly #text: string
  /** The position at which each step was last reached, so that it is taken once. */
  readonly #reached: Int32Array
  #found = false

  constructor(steps: readonly Step[], text: string) {
    this.#steps = steps
    this.#text = text
    this.#reached = new Int32Array(steps.length).fill(-1)
  }

  find(): boolean {
    let threads: number[] = []
    for (let at = 0; at <= this.#text.length; ) {
      this.#enter(0, at, threads)
      if (this.#found) return true
      const code = this.#text.codePointAt(at)
      if (code === undefined) return false
      const next = at + (code > 0xffff ? 2 : 1)
      threads = this.#advance(threads, code, next)
      at = next
    }
    return false
  }

  #advance(threads: readonly number[], code: number, next: number): number[] {
    const after: number[] = []
    for (const index of threads) {
      const step = this.#steps[index]
      if (step?.type === 'set' && contains(step.set, code)) this.#enter(index + 1, next, after)
    }
    return after
  }

  /** Adds the steps that take a character and can be reached from `start` at `at`. */
  #enter(start: number, at: number, threads: number[]): void {
    const open = [start]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const step = this.#steps[index]
      if (step === undefined || this.#reached[index] === at) continue
      this.#reached[index] = at
      if (step.type === 'set') threads.push(index)
      else if (step.type === 'found') this.#found = true
      else if (step.type === 'fork') open.push(step.two, step.one)
      else if (holds(step.assertion, this.#text, at)) open.push(index + 1)
    }
  }
}

function holds(assertion: Assertion, text: string, at: number): boolean {
  switch (assertion) {
    case 'start':
      return at === 0
    case 'end':
      return at === text.length
    case 'line-start':
      return at === 0 || text.charAt(at - 1) === '\n'
    case 'line-end':
      return at === text.length || text.charAt(at) === '\n'
    case 'word':
      return isWord(text, at - 1) !== isWord(text, at)
    case 'not-word':
      return isWord(text, at - 1) === isWord(text, at)
  }
}

const word = classEscapes.get('w') ?? []

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && contains(word, text.charCodeAt(at))
}
