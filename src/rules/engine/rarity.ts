import { type CidrMatch } from '../ast.ts'
import { type TextShape } from './node.ts'

/**
 * Guesses how often an event has what a rule asks for, 0 to 1: only their order matters, to choose
 * which part of a rule decides whether the rest is looked at.
 */
export function textRarity(shape: TextShape, literal: string, field: string): number {
  if (shape === 'equals') return equalsRarity(literal, field)
  const known = shape === 'contains' ? contains : edge
  return known[Math.min(literal.length, known.length - 1)] ?? 1
}

/** By length of the literal. */
const contains = [1, 0.6, 0.25, 0.06, 0.025, 0.01, 0.005, 0.004, 0.003, 0.002]
const edge = [1, 0.3, 0.12, 0.05, 0.03, 0.01, 0.004, 0.003, 0.002, 0.001]

/** Fields of few values, of which each is common. */
const coarse =
  /(?:direction|transport|protocol|\.type|\.class|action|category|kind|dataset|method|version|op_code|response_code|response\.status_code|outcome|state|cipher|curve|established|resumed|\.level|flags)$/

const commonPorts = new Set(['53', '80', '443'])

function equalsRarity(literal: string, field: string): number {
  if (coarse.test(field) || literal === 'true' || literal === 'false') return 0.2
  if (field.endsWith('.port')) return commonPorts.has(literal) ? 0.3 : 0.004
  return literal === '' ? 0.05 : 0.0008
}

export function cidrRarity({ family, words, prefix }: CidrMatch): number {
  if (family === 4 && isPrivate(words[0])) return prefix >= 24 ? 0.05 : 0.4
  const bits = family === 4 ? prefix : prefix / 3
  return Math.max(2 ** (-bits / 2), 0.0005)
}

function isPrivate(word: number): boolean {
  const [first, second] = [word >>> 24, (word >>> 16) & 255]
  if (first === 10 || first === 127 || first === 0) return true
  return (first === 172 && (second & 0xf0) === 16) || (first === 192 && second === 168)
}

export const thresholdRarity = 0.15
export const presenceRarity = 0.6
