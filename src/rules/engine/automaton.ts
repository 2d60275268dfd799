import { CharacterClasses, cell } from './classes.ts'
import { type Mark } from './postings.ts'

/** A literal (folded) and the posting that is marked where it stands anywhere in a text. */
export interface AutomatonEntry {
  readonly literal: string
  readonly posting: number
}

/** So much of a literal is looked for; the rules look at the rest. */
const longest = 20

/**
 * Aho-Corasick as one flat table: from a state (a multiple of the number of classes) and a class to
 * the next state, all failures worked in; negative (`~state`) where something ends there.
 */
export class Automaton {
  readonly #classes: CharacterClasses
  readonly #next: Int32Array
  /** Of each state: its posting, and the next shorter state where something ends; -1 for none. */
  readonly #found: Int32Array

  constructor(entries: readonly AutomatonEntry[], join: (postings: number[]) => number) {
    const cut = entries.map(({ literal, posting }) => ({
      literal: literal.slice(-longest),
      posting,
    }))
    this.#classes = new CharacterClasses(cut.map(({ literal }) => literal))
    const built = build(cut, this.#classes)
    this.#next = built.next
    this.#found = new Int32Array(built.postings.length * 2)
    for (const [state, list] of built.postings.entries()) {
      this.#found[state * 2] = list.length === 0 ? -1 : join(list)
      this.#found[state * 2 + 1] = built.shorter[state] ?? -1
    }
  }

  /** Marks what stands in the text; false when it met a character beyond ASCII and is not `folded`. */
  find(text: string, folded: boolean, mark: Mark): boolean {
    const classes = this.#classes.of
    const next = this.#next
    let state = 0
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127 && !folded) return false
      state = next[state + (classes[cell(code)] ?? 0)] ?? 0
      if (state < 0) {
        state = ~state
        this.#ending(state, mark)
      }
    }
    return true
  }

  #ending(state: number, mark: Mark): void {
    const found = this.#found
    let at = (state / this.#classes.count) * 2
    while (at >= 0) {
      const posting = found[at] ?? -1
      if (posting >= 0) mark.posting(posting)
      at = (found[at + 1] ?? -1) * 2
    }
  }
}

interface Built {
  readonly next: Int32Array
  readonly postings: readonly number[][]
  readonly shorter: Int32Array
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one loop over all states, as in every book
function build(entries: readonly AutomatonEntry[], classes: CharacterClasses): Built {
  const { children, postings } = grow(entries, classes)
  const width = classes.count
  const next = new Int32Array(children.length * width)
  const fail = new Int32Array(children.length)
  const shorter = new Int32Array(children.length).fill(-1)
  const queue = [0]
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0
    const failure = fail[state] ?? 0
    // Rows of shorter states are complete, so a row starts as that of its failure.
    if (state !== 0) next.copyWithin(state * width, failure * width, (failure + 1) * width)
    for (const [kind, child] of children[state] ?? []) {
      const behind = state === 0 ? 0 : (next[failure * width + kind] ?? 0) / width
      fail[child] = behind
      next[state * width + kind] = child * width
      shorter[child] = postings[behind]?.length ? behind : (shorter[behind] ?? -1)
      queue.push(child)
    }
  }
  return { next: signed(next, postings, shorter, width), postings, shorter }
}

function grow(entries: readonly AutomatonEntry[], classes: CharacterClasses) {
  const children: Map<number, number>[] = [new Map()]
  const postings: number[][] = [[]]
  for (const { literal, posting } of entries) {
    let state = 0
    for (let index = 0; index < literal.length; index++) {
      const kind = classes.get(literal.charCodeAt(index))
      const known = children[state]?.get(kind)
      if (known === undefined) {
        children[state]?.set(kind, children.length)
        state = children.push(new Map()) - 1
        postings.push([])
      } else state = known
    }
    postings[state]?.push(posting)
  }
  return { children, postings }
}

function signed(
  next: Int32Array,
  postings: readonly number[][],
  shorter: Int32Array,
  width: number,
): Int32Array {
  const ends = postings.map((list, state) => list.length > 0 || (shorter[state] ?? -1) >= 0)
  return next.map(target => (ends[target / width] ? ~target : target))
}
