import { addressOf } from '../evaluate/cidr.ts'
import { valueNumber } from '../evaluate/values.ts'
import { type FieldValue } from '../fields.ts'
import { fold } from '../pattern/fold.ts'
import { Automaton } from './automaton.ts'
import { parseIpv4 } from './ipv4.ts'
import { parseIpv6 } from './ipv6.ts'
import { numbersOf } from './literals.ts'
import { Networks } from './networks.ts'
import { type Mark, type PostingBuilder } from './postings.ts'
import { Thresholds } from './thresholds.ts'
import { Trie } from './trie.ts'
import { type Atom } from './witness.ts'

/** An atom of one field and its posting. */
export interface IndexedAtom {
  readonly atom: Atom
  readonly posting: number
}

/** Everything that rules look for in one field, found in one go over its value. */
export class FieldIndex {
  readonly #present: number
  readonly #starts: Trie | undefined
  readonly #ends: Trie | undefined
  readonly #inside: Automaton | undefined
  /** Numbers whose text is a literal. */
  readonly #numbers: ReadonlyMap<number, number>
  readonly #thresholds: Thresholds | undefined
  readonly #networks4: Networks | undefined
  readonly #networks6: Networks | undefined
  /** Whether numbers must be looked at as texts too. */
  readonly #spelt: boolean
  readonly #words = new Int32Array(4)

  constructor(atoms: readonly IndexedAtom[], builder: PostingBuilder) {
    const { join } = builder
    const present = atoms.filter(({ atom }) => atom.kind === 'present')
    this.#present = present.length === 0 ? -1 : join(present.map(({ posting }) => posting))
    const starts = textEntries(atoms, 'startswith')
    const inside = textEntries(atoms, 'contains')
    const ends = [...textEntries(atoms, 'endswith'), ...textEntries(atoms, 'equals')]
    this.#starts = starts.length === 0 ? undefined : new Trie(starts, false, join)
    this.#ends = ends.length === 0 ? undefined : new Trie(ends, true, join)
    this.#inside = inside.length === 0 ? undefined : new Automaton(inside, join)
    const thresholds = atoms.flatMap(({ atom, posting }) =>
      atom.kind === 'threshold' ? [{ ...atom, posting }] : [],
    )
    this.#thresholds = thresholds.length === 0 ? undefined : new Thresholds(thresholds, join)
    this.#networks4 = networks(atoms, 4, join)
    this.#networks6 = networks(atoms, 6, join)
    const { numbers, complete } = numberTable(atoms, join)
    this.#numbers = numbers
    this.#spelt =
      !complete || starts.length > 0 || inside.length > 0 || ends.some(one => !one.whole)
  }

  /** Marks what rules may see in a value; lists by their members. */
  find(value: FieldValue, mark: Mark): void {
    if (value === undefined) return
    if (this.#present >= 0) mark.posting(this.#present)
    this.#member(value, mark)
  }

  /** The same of a field that holds an address: its family (0 for none) and its words from `at` on. */
  findAddress(family: number, words: Int32Array, at: number, mark: Mark): void {
    if (family === 0) return
    if (this.#present >= 0) mark.posting(this.#present)
    const networks = family === 4 ? this.#networks4 : this.#networks6
    networks?.find(words, at, mark)
  }

  #member(value: FieldValue, mark: Mark): void {
    switch (typeof value) {
      case 'string':
        this.#text(value, mark)
        if (this.#networks4 !== undefined || this.#networks6 !== undefined)
          this.#address(value, mark)
        this.#thresholds?.find(valueNumber(value), mark)
        return
      case 'number':
        this.#number(value, mark)
        return
      case 'boolean':
        this.#text(String(value), mark)
        return
      default:
        if (Array.isArray(value)) for (const one of value as FieldValue[]) this.#member(one, mark)
    }
  }

  #number(value: number, mark: Mark): void {
    this.#thresholds?.find(value, mark)
    const posting = this.#numbers.get(value)
    if (posting !== undefined) mark.posting(posting)
    if (this.#spelt) this.#text(String(value), mark)
  }

  #text(text: string, mark: Mark): void {
    // Beyond ASCII letters fold to what no table of characters tells.
    if (!this.#search(text, false, mark)) this.#search(fold(text), true, mark)
  }

  #search(text: string, folded: boolean, mark: Mark): boolean {
    if (this.#ends !== undefined && !this.#ends.find(text, folded, mark)) return false
    if (this.#starts !== undefined && !this.#starts.find(text, folded, mark)) return false
    return this.#inside === undefined || this.#inside.find(text, folded, mark)
  }

  #address(text: string, mark: Mark): void {
    const words = this.#words
    const word = parseIpv4(text)
    if (word !== undefined) {
      words[0] = word
      this.#networks4?.find(words, 0, mark)
      return
    }
    if (this.#networks6 !== undefined && parseIpv6(text, words)) {
      this.#networks6.find(words, 0, mark)
      return
    }
    const address = addressOf(text)
    if (address === undefined) return
    words.set([address.word0, address.word1, address.word2, address.word3])
    const networks = address.family === 4 ? this.#networks4 : this.#networks6
    networks?.find(words, 0, mark)
  }
}

type TextAtom = Atom & { kind: 'text' }

function textEntries(atoms: readonly IndexedAtom[], shape: TextAtom['shape']) {
  return atoms.flatMap(({ atom, posting }) =>
    atom.kind === 'text' && atom.shape === shape
      ? [{ literal: atom.literal, posting, whole: shape === 'equals' }]
      : [],
  )
}

function networks(
  atoms: readonly IndexedAtom[],
  family: 4 | 6,
  join: PostingBuilder['join'],
): Networks | undefined {
  const entries = atoms.flatMap(({ atom, posting }) =>
    atom.kind === 'cidr' && atom.match.family === family ? [{ match: atom.match, posting }] : [],
  )
  return entries.length === 0 ? undefined : new Networks(entries, family === 4 ? 1 : 4, join)
}

/** The numbers among the literals; not complete when some literal is the text of no plain number. */
function numberTable(atoms: readonly IndexedAtom[], join: PostingBuilder['join']) {
  const groups = new Map<number, number[]>()
  let complete = true
  for (const { literal, posting } of textEntries(atoms, 'equals')) {
    const numbers = numbersOf([literal])
    complete &&= numbers !== undefined
    for (const number of numbers ?? []) groups.set(number, [...(groups.get(number) ?? []), posting])
  }
  const numbers = new Map(Array.from(groups, ([number, postings]) => [number, join(postings)]))
  return { numbers, complete }
}
