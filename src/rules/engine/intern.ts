import { type Match } from '../ast.ts'
import { newCost } from './cost.ts'
import { always, constant, type Inner, type Leaf, type Node, never } from './node.ts'

type Unnumbered<T> = T extends Inner | Leaf ? Omit<T, 'id' | 'cost'> : never

/** A node that has no number yet. */
export type NewNode = Unnumbered<Inner | Leaf>

export type NewLeaf = Unnumbered<Leaf>

/** Makes nodes so that equal ones are the same object, with constants folded away. */
export class Interner {
  readonly nodes: (Inner | Leaf)[] = []
  readonly #known = new Map<string, Node>()
  readonly #functions = new Map<unknown, number>()

  leaf(leaf: NewLeaf): Node {
    return this.#keep(this.#keyOf(leaf), leaf)
  }

  not(item: Node): Node {
    if (item.op === 'constant') return constant(!item.value)
    if (item.op === 'not') return item.item
    return this.#keep(`!${item.id}`, { op: 'not', item })
  }

  /** `items` joined, in the order given. */
  join(op: 'and' | 'or', items: readonly Node[]): Node {
    const decides = op === 'or'
    if (items.some(item => item.op === 'constant' && item.value === decides)) {
      return constant(decides)
    }
    const open = [...new Set(items.filter(item => item.op !== 'constant'))]
    const [only] = open
    if (only === undefined) return decides ? never : always
    if (open.length === 1) return only
    const key = open.map(item => ('id' in item ? item.id : '')).join(op === 'and' ? '&' : '|')
    return this.#keep(key, { op, items: open })
  }

  #keep(key: string, node: NewNode): Node {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const made = { ...node, id: this.nodes.length, cost: newCost(node) } as Inner | Leaf
    this.nodes.push(made)
    this.#known.set(key, made)
    return made
  }

  #keyOf(leaf: NewLeaf): string {
    switch (leaf.op) {
      case 'texts':
        return `${leaf.cased ? 'T' : 't'}${leaf.slot}${leaf.shape}${textsKey(leaf.literals)}`
      case 'field':
        return JSON.stringify(['f', leaf.slot, leaf.other, leaf.match.shape, leaf.match.cased])
      case 'test':
        return JSON.stringify(['m', leaf.slot, this.#matchKey(leaf.match)])
    }
  }

  /** Regexes with the same text may stand at other places: their function tells them apart. */
  #matchKey(match: Match): unknown {
    if (match.kind !== 'regex') return match
    const number = this.#functions.get(match.test) ?? this.#functions.size
    this.#functions.set(match.test, number)
    return ['regex', number]
  }
}

/** Literals as one text that no others have. */
function textsKey(literals: readonly string[]): string {
  const [only] = literals
  return literals.length === 1 && only !== undefined ? ` ${only}` : JSON.stringify(literals)
}
