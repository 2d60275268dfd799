import { itemsOf, type Node, type PlainLeaf } from './node.ts'

const known = new WeakMap<Node, number>()

/** About how long a node takes to evaluate, in units of a comparison of texts. */
export function costOf(node: Node): number {
  const found = known.get(node)
  if (found !== undefined) return found
  const cost = compute(node)
  known.set(node, cost)
  return cost
}

function compute(node: Node): number {
  switch (node.op) {
    case 'constant':
      return 0
    case 'texts':
      return node.shape === 'equals'
        ? 1
        : 1 + Math.min(node.literals.length, 16) * perText[node.shape]
    case 'field':
      return 8
    case 'test':
      return testCost(node)
    default:
      return itemsOf(node).reduce((sum, item) => sum + costOf(item), 0.1)
  }
}

const perText = { startswith: 0.3, endswith: 0.3, contains: 1 } as const

function testCost({ match }: PlainLeaf): number {
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
