import { fold } from '../pattern/fold.ts'
import { type IndexedAtom } from './field-index.ts'
import { type Node } from './node.ts'
import { PostingBuilder } from './postings.ts'
import { type Atom, type Witness, witnessesOf } from './witness.ts'

/** How the rules of a kind are gated: what is looked for in each slot, and who cannot be gated. */
export interface Gates {
  readonly builder: PostingBuilder
  readonly atoms: ReadonlyMap<number, readonly IndexedAtom[]>
  /** 1 for rules that need their second gate too. */
  readonly guarded: Uint8Array
  /** Posting of the rules that every event may match; undefined when there are none. */
  readonly open: number | undefined
}

/** Chooses the gates of all rules of a kind. */
export function chooseGates(nodes: readonly Node[], fieldOf: (slot: number) => string): Gates {
  const table = new AtomTable()
  const guarded = new Uint8Array(nodes.length)
  let open: number | undefined
  for (const [rule, node] of nodes.entries()) {
    if (node.op === 'constant' && !node.value) continue
    const [first, second] = witnessesOf(node, fieldOf)
    if (first === undefined) {
      open ??= table.builder.open()
      table.builder.add(open, rule, 0)
      continue
    }
    table.add(first, rule, 0)
    if (second === undefined || !isWorthwhile(first, second)) continue
    guarded[rule] = 1
    table.add(second, rule, 1)
  }
  return { builder: table.builder, atoms: table.bySlot, guarded, open }
}

/** Equal atoms have one posting. */
class AtomTable {
  readonly builder = new PostingBuilder()
  readonly bySlot = new Map<number, IndexedAtom[]>()
  readonly #postings = new Map<string, number>()

  add({ atoms }: Witness, rule: number, gate: 0 | 1): void {
    for (const atom of atoms) this.builder.add(this.#posting(plain(atom)), rule, gate)
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
