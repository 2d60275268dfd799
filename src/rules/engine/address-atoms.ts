import { type CidrMatch } from '../ast.ts'
import { addressOf } from '../evaluate/cidr.ts'
import { type IndexedAtom } from './field-index.ts'

/**
 * The atoms of a field that holds an address, as ones of addresses only; undefined when some look for
 * a part of its text. What is no address is never found, so it is left out.
 */
export function addressAtoms(atoms: readonly IndexedAtom[]): IndexedAtom[] | undefined {
  if (!atoms.every(isOfAddresses)) return undefined
  return atoms.flatMap(({ atom, posting }): IndexedAtom[] => {
    if (atom.kind !== 'text') return [{ atom, posting }]
    const match = wholeAddress(atom.literal)
    return match === undefined ? [] : [{ atom: { kind: 'cidr', slot: atom.slot, match }, posting }]
  })
}

function wholeAddress(text: string): CidrMatch | undefined {
  const address = addressOf(text)
  if (address === undefined) return undefined
  const { family, word0, word1, word2, word3 } = address
  const prefix = family === 4 ? 32 : 128
  return { kind: 'cidr', text, family, words: [word0, word1, word2, word3], prefix }
}

function isOfAddresses({ atom }: IndexedAtom): boolean {
  if (atom.kind === 'text') return atom.shape === 'equals'
  return atom.kind === 'cidr' || atom.kind === 'present'
}
