import { type CidrMatch, type Comparison } from '../ast.ts'
import { isLeaf, type Leaf, type Node, type TextShape } from './node.ts'
import { cidrRarity, presenceRarity, textRarity, thresholdRarity } from './rarity.ts'

/** One thing of which an event that matches a rule has at least one. */
export type Atom =
  | {
      readonly kind: 'text'
      readonly slot: number
      readonly shape: TextShape
      readonly literal: string
    }
  | { readonly kind: 'cidr'; readonly slot: number; readonly match: CidrMatch }
  | {
      readonly kind: 'threshold'
      readonly slot: number
      readonly comparison: Comparison
      readonly value: number
    }
  | { readonly kind: 'present'; readonly slot: number }

/** Atoms of which one must be there wherever the node is true, and how often that may be. */
export interface Witness {
  readonly atoms: readonly Atom[]
  readonly rate: number
}

/** Whatever has more alternatives is looked up by something else, if there is anything. */
const mostAtoms = 20_000

/**
 * The witnesses of a rule, the rarest first; empty when it can match anything. `AND` gives one for
 * each item, `OR` the union of its items', `NOT` none.
 */
export function witnessesOf(node: Node, fieldOf: (slot: number) => string): Witness[] {
  const items = node.op === 'and' ? node.items : [node]
  return items.flatMap(item => witnessOf(item, fieldOf) ?? []).sort((a, b) => a.rate - b.rate)
}

function witnessOf(node: Node, fieldOf: (slot: number) => string): Witness | undefined {
  if (isLeaf(node)) return ofLeaf(node, fieldOf(node.slot))
  if (node.op === 'and') return witnessesOf(node, fieldOf)[0]
  if (node.op !== 'or') return undefined
  const found = node.items.map(item => witnessOf(item, fieldOf))
  const all = found.filter(one => one !== undefined)
  return all.length < found.length ? undefined : union(all)
}

function union(items: readonly Witness[]): Witness | undefined {
  const atoms = items.flatMap(item => item.atoms)
  if (atoms.length > mostAtoms) return undefined
  return { atoms, rate: Math.min(sum(items.map(({ rate }) => rate)), 1) }
}

function ofLeaf(leaf: Leaf, field: string): Witness | undefined {
  const { slot } = leaf
  if (leaf.op === 'texts') {
    return union(leaf.literals.map(literal => textWitness(slot, leaf.shape, literal, field)))
  }
  const present: Witness = { atoms: [{ kind: 'present', slot }], rate: presenceRarity }
  if (leaf.op === 'field') return present
  const { match } = leaf
  switch (match.kind) {
    case 'null':
      return undefined
    case 'exists':
      return match.expected ? present : undefined
    case 'cidr':
      return { atoms: [{ kind: 'cidr', slot, match }], rate: cidrRarity(match) }
    case 'compare':
      return match.part === undefined ? thresholdWitness(slot, match) : present
    case 'text':
      return match.literal === '' ? present : textWitness(slot, 'contains', match.literal, field)
    case 'regex':
      return match.gate === undefined
        ? present
        : union(match.gate.map(literal => textWitness(slot, 'contains', literal, field)))
  }
}

function textWitness(slot: number, shape: TextShape, literal: string, field: string): Witness {
  const rate = textRarity(shape, literal, field)
  if (literal === '' && shape !== 'equals') {
    return { atoms: [{ kind: 'present', slot }], rate: presenceRarity }
  }
  return { atoms: [{ kind: 'text', slot, shape, literal }], rate }
}

function thresholdWitness(
  slot: number,
  { comparison, value }: { comparison: Comparison; value: number },
): Witness {
  const rate = comparison === 'eq' ? 0.01 : thresholdRarity
  return { atoms: [{ kind: 'threshold', slot, comparison, value }], rate }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
