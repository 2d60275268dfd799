import { CharacterClasses, cell } from './classes.ts'
import { type Mark } from './postings.ts'

/** A literal (folded) and the posting that is marked where a text begins (or ends) with it. */
export interface TrieEntry {
  readonly literal: string
  readonly posting: number
  /** Whether the literal is the whole text. */
  readonly whole: boolean
}

/** Characters beyond those that tell a literal from all others that are compared too. */
const margin = 3
const leastDepth = 10

/**
 * Literals at one end of a text, as a flat table: from a node (a multiple of the number of classes)
 * and a class to the next node, 0 where none fits, negative (`~node`) where a literal ends. Only so many
 * characters of a literal are kept as tell it from the others, so finds may be too many.
 */
export class Trie {
  readonly #classes: CharacterClasses
  readonly #next: Int32Array
  /** Postings of a node as a start and, one further, as a whole text; -1 for none. */
  readonly #found: Int32Array
  readonly #backwards: boolean

  constructor(
    entries: readonly TrieEntry[],
    backwards: boolean,
    join: (postings: number[]) => number,
  ) {
    const cut = cutEntries(entries, backwards)
    this.#backwards = backwards
    this.#classes = new CharacterClasses(cut.map(({ literal }) => literal))
    const built = build(cut, this.#classes)
    this.#next = built.next
    this.#found = Int32Array.from(built.found, list => (list.length === 0 ? -1 : join(list)))
  }

  /** Marks what fits; false when it met a character beyond ASCII in a text that is not `folded`. */
  find(text: string, folded: boolean, mark: Mark): boolean {
    const { length } = text
    const classes = this.#classes.of
    const next = this.#next
    const step = this.#backwards ? -1 : 1
    let node = 0
    let at = this.#backwards ? length - 1 : 0
    for (let index = 0; index < length; index++, at += step) {
      const code = text.charCodeAt(at)
      if (code > 127 && !folded) return false
      node = next[node + (classes[cell(code)] ?? 0)] ?? 0
      if (node === 0) return true
      if (node > 0) continue
      node = ~node
      this.#reach(node, 0, mark)
    }
    this.#reach(node, 1, mark)
    return true
  }

  #reach(node: number, whole: 0 | 1, mark: Mark): void {
    const posting = this.#found[(node / this.#classes.count) * 2 + whole] ?? -1
    if (posting >= 0) mark.posting(posting)
  }
}

/** Literals from the end that is walked first, as long as they must be. */
function cutEntries(entries: readonly TrieEntry[], backwards: boolean): TrieEntry[] {
  const turned = entries.map(entry =>
    backwards ? { ...entry, literal: reverse(entry.literal) } : entry,
  )
  const texts = [...new Set(turned.map(({ literal }) => literal))].sort()
  const depths = new Map(
    texts.map((text, index) => {
      const shared = Math.max(common(text, texts[index - 1]), common(text, texts[index + 1]))
      return [text, Math.max(shared + margin, leastDepth)]
    }),
  )
  return turned.map(({ literal, posting, whole }) => {
    const depth = depths.get(literal) ?? literal.length
    return depth < literal.length
      ? { literal: literal.slice(0, depth), posting, whole: false }
      : { literal, posting, whole }
  })
}

/** By UTF-16 unit, as texts are walked. */
function reverse(text: string): string {
  return text.split('').reverse().join('')
}

function common(one: string, other = ''): number {
  let length = 0
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length++
  return length
}

function build(entries: readonly TrieEntry[], classes: CharacterClasses) {
  const { children, found } = grow(entries, classes)
  const width = classes.count
  const next = new Int32Array(children.length * width)
  for (const [node, map] of children.entries()) {
    for (const [kind, child] of map) {
      const ends = found[child * 2]?.length ?? 0
      next[node * width + kind] = ends > 0 ? ~(child * width) : child * width
    }
  }
  return { next, found }
}

function grow(entries: readonly TrieEntry[], classes: CharacterClasses) {
  const children: Map<number, number>[] = [new Map()]
  const found: number[][] = [[], []]
  for (const { literal, posting, whole } of entries) {
    let node = 0
    for (let index = 0; index < literal.length; index++) {
      const kind = classes.get(literal.charCodeAt(index))
      const known = children[node]?.get(kind)
      if (known === undefined) {
        children[node]?.set(kind, children.length)
        node = children.push(new Map()) - 1
        found.push([], [])
      } else node = known
    }
    found[node * 2 + (whole ? 1 : 0)]?.push(posting)
  }
  return { children, found }
}
