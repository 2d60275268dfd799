import { mask } from '../network.ts'
import { anyValueTest, leafTest } from './leaf.ts'
import { numbersOf } from './literals.ts'
import { isLeaf, type Leaf, type Node, type PlainLeaf, type TextsLeaf } from './node.ts'

/** More literals than these are one call, not a chain of comparisons. */
const mostInline = 4

/**
 * JavaScript of nodes over a frame `S`. Everything that comes out of a rule (texts, numbers, tests)
 * is in `constants` and stands in the code as `k[number]`; the code itself holds numbers of ours only.
 */
export class Emitter {
  readonly constants: unknown[] = []
  /** Functions of shared nodes, in the order in which they need each other. */
  readonly functions: string[] = []
  readonly #named = new Set<number>()
  readonly #isShared: (node: Node) => boolean
  readonly #isKeywords: (slot: number) => boolean

  constructor(isShared: (node: Node) => boolean, isKeywords: (slot: number) => boolean) {
    this.#isShared = isShared
    this.#isKeywords = isKeywords
  }

  constant(value: unknown): string {
    return `k[${this.constants.push(value) - 1}]`
  }

  /** The node as an expression; `t` is a variable that it may use. */
  node(node: Node): string {
    if (node.op === 'constant') return String(node.value)
    return this.#isShared(node) ? this.#shared(node) : this.#plain(node)
  }

  #shared(node: Exclude<Node, { op: 'constant' }>): string {
    const { id } = node
    if (!this.#named.has(id)) {
      this.#named.add(id)
      const body = this.#plain(node)
      this.functions.push(
        `const n${id}=S=>{const M=S.memo,m=M[${id}]-S.stamp;if(m>=0)return m===1;` +
          `let t;const r=${body};M[${id}]=r?S.stamp+1:S.stamp;return r};`,
      )
    }
    return `n${id}(S)`
  }

  #plain(node: Exclude<Node, { op: 'constant' }>): string {
    if (isLeaf(node)) return this.#leaf(node)
    if (node.op === 'not') return `!${this.node(node.item)}`
    const items = node.items.map(item => this.node(item))
    return `(${items.join(node.op === 'and' ? '&&' : '||')})`
  }

  #leaf(leaf: Leaf): string {
    const inline = this.#isKeywords(leaf.slot) ? undefined : this.#inline(leaf)
    return inline ?? `${this.constant(leafTest(leaf, this.#isKeywords(leaf.slot)))}(S)`
  }

  /** The leaves that are many and short; others are called. */
  #inline(leaf: Leaf): string | undefined {
    if (leaf.op === 'texts') return this.#texts(leaf)
    if (leaf.op === 'field') return undefined
    const { match, slot } = leaf
    if (match.kind === 'exists') return `(S.value(${slot})!==void 0)===${match.expected}`
    if (match.kind === 'compare' && match.part === undefined) return this.#compare(leaf)
    return match.kind === 'cidr' && match.family === 4 ? this.#network(leaf) : undefined
  }

  #texts(leaf: TextsLeaf): string | undefined {
    const { slot, shape, cased, literals } = leaf
    if (literals.length > mostInline) return undefined
    const test = {
      equals: '===',
      startswith: 'startsWith',
      endswith: 'endsWith',
      contains: 'includes',
    }
    const tests = literals.map(literal => {
      const text = this.constant(literal)
      return shape === 'equals' ? `t===${text}` : `t.${test[shape]}(${text})`
    })
    const read = cased ? `S.plain(${slot})` : `S.text(${slot})`
    const slow = `S.many(${slot})&&${this.constant(anyValueTest(leaf))}(S.values[${slot}])`
    const texts = `((t=${read})!==void 0?${tests.join('||')}:${slow})`
    const numbers = shape === 'equals' ? numbersOf(literals) : undefined
    if (numbers === undefined) return texts
    const equal = numbers.map(number => `t===${this.constant(number)}`).join('||') || 'false'
    return `(typeof(t=S.value(${slot}))==='number'?${equal}:${texts})`
  }

  #compare(leaf: PlainLeaf): string | undefined {
    const { match, slot } = leaf
    if (match.kind !== 'compare') return undefined
    const sign = { lt: '<', lte: '<=', gt: '>', gte: '>=', eq: '===' }[match.comparison]
    const slow = `${this.constant(anyValueTest(leaf))}(t)`
    const limit = this.constant(match.value)
    return `(typeof(t=S.value(${slot}))==='number'?t${sign}${limit}:${slow})`
  }

  #network(leaf: PlainLeaf): string | undefined {
    const { match, slot } = leaf
    if (match.kind !== 'cidr') return undefined
    const slow = `S.many(${slot})&&${this.constant(anyValueTest(leaf))}(S.values[${slot}])`
    const word = `(S.words[${slot * 4}]&${mask(match.prefix, 0)})===${match.words[0]}`
    return `(S.family(${slot})===4?${word}:${slow})`
  }
}
