import { fold } from '../pattern/fold.ts'
import { type Parted } from './event-classes.ts'
import { type IndexedAtom } from './field-index.ts'
import { type TextsLeaf } from './node.ts'
import { PostingBuilder } from './postings.ts'
import { type Atom, type Witness, witnessesOf } from './witness.ts'

/** How the rules of a kind are gated: what is looked for in each slot, and who cannot be gated. */
export interface Gates {
  readonly builder: PostingBuilder
  readonly atoms: ReadonlyMap<number, readonly IndexedAtom[]>
  /** Of each slot, the rules that have a gate there. */
  readonly rules: ReadonlyMap<number, readonly number[]>
  /** 1 for rules that have a gate; every event of their classes may match the others. */
  readonly gated: Uint8Array
  /** 1 for rules that need their second gate too. */
  readonly guarded: Uint8Array
}

/** Chooses the gates of all rules of a kind, beside those that their classes are. */
export function chooseGates(parted: readonly Parted[], fieldOf: (slot: number) => string): Gates {
  const table = new AtomTable()
  const gated = new Uint8Array(parted.length)
  const guarded = new Uint8Array(parted.length)
  for (const [rule, { ofClass, rest }] of parted.entries()) {
    const [first, second] = witnessesOf(rest, fieldOf)
    const share = ofClass.reduce((all, leaf) => all * rateOf(leaf, fieldOf), 1)
    // A class that is as rare opens the rule for nothing.
    if (first === undefined || (ofClass.length > 0 && share <= first.rate)) continue
    gated[rule] = 1
    table.add(first, rule, 0)
    if (second === undefined || !isWorthwhile(first, second)) continue
    guarded[rule] = 1
    table.add(second, rule, 1)
  }
  return { builder: table.builder, atoms: table.bySlot, rules: table.rules, gated, guarded }
}

function rateOf(leaf: TextsLeaf, fieldOf: (slot: number) => string): number {
  return witnessesOf(leaf, fieldOf)[0]?.rate ?? 1
}

/** Equal atoms have one posting. */
class AtomTable {
  readonly builder = new PostingBuilder()
  readonly bySlot = new Map<number, IndexedAtom[]>()
  readonly rules = new Map<number, number[]>()
  readonly #postings = new Map<string, number>()

  add({ atoms }: Witness, rule: number, gate: 0 | 1): void {
    for (const atom of atoms) {
      this.builder.add(this.#posting(plain(atom)), rule, gate)
      const rules = this.rules.get(atom.slot)
      if (rules === undefined) this.rules.set(atom.slot, [rule])
      else if (rules.at(-1) !== rule) rules.push(rule)
    }
  }

  #posting(atom: Atom): number {
    const key = keyOf(atom)
    const known = this.#postings.get(key)
    if (known !== undefined) return known
    const posting = this.builder.open()
    this.#postings.set(key, posting)
    const list = this.bySlot.get(atom.slot)
    if (list === undefined) this.bySlot.set(atom.slot, [{ atom, posting }])
    else list.push({ atom, posting })
    return posting
  }
}

function keyOf(atom: Atom): string {
  return atom.kind === 'text' ? `${atom.slot} ${atom.shape} ${atom.literal}` : JSON.stringify(atom)
}

/** Tables know folded texts only. */
function plain(atom: Atom): Atom {
  return atom.kind === 'text' ? { ...atom, literal: fold(atom.literal) } : atom
}

/** Marking the second gate must cost less than asking the rules that the first lets through. */
function isWorthwhile(first: Witness, second: Witness): boolean {
  return first.rate > 0.003 && second.rate < first.rate * 4 && second.rate < 0.1
}
