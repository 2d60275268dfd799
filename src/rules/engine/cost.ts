import { type NewNode } from './intern.ts'
import { type Node, type PlainLeaf } from './node.ts'

/** About how long a node takes to evaluate, in units of a comparison of texts. */
export function costOf(node: Node): number {
  return node.op === 'constant' ? 0 : node.cost
}

/** The cost of a node that is being made. */
export function newCost(node: NewNode): number {
  switch (node.op) {
    case 'texts':
      return node.shape === 'equals'
        ? 1
        : 1 + Math.min(node.literals.length, 16) * perText[node.shape]
    case 'field':
      return 8
    case 'test':
      return testCost(node)
    case 'not':
      return 0.1 + costOf(node.item)
    default:
      return node.items.reduce((sum, item) => sum + costOf(item), 0.1)
  }
}

const perText = { startswith: 0.3, endswith: 0.3, contains: 1 } as const

function testCost({ match }: Pick<PlainLeaf, 'match'>): number {
  switch (match.kind) {
    case 'exists':
    case 'null':
      return 0.5
    case 'compare':
      return match.part === undefined ? 0.6 : 20
    case 'cidr':
      return 1.5
    case 'text':
      return match.shape === 'any' ? 1 : 10
    case 'regex':
      return match.gate === undefined ? 40 : 12
  }
}
