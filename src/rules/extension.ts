import { parseDuration } from '../config/duration.ts'
import { closest } from '../config/suggest.ts'
import { type Threshold } from './ast.ts'
import { type Faults, orList, quote } from './fault.ts'
import { Attributes } from './parse/attributes.ts'
import { type MapNode, type Node } from './yaml/node.ts'

/** Reads an attribute of ours that is a map of known names, each with its complaint. */
export class ExtensionMap extends Attributes {
  readonly #faults: Faults
  readonly #node: MapNode
  readonly #name: string

  private constructor(node: MapNode, name: string, faults: Faults) {
    super(node, faults)
    this.#node = node
    this.#name = name
    this.#faults = faults
  }

  /** The map with its names looked through; undefined with a fault when it is none. */
  static open(
    node: Node,
    name: string,
    known: readonly string[],
    faults: Faults,
  ): ExtensionMap | undefined {
    if (node.type !== 'map') {
      return faults.error(node.offset, `\`${name}\` is a map of ${orList(known)}`)
    }
    for (const [key, { offset }] of node.entries) {
      if (known.includes(key)) continue
      const hint = closest(key, known) ?? orList(known)
      faults.error(offset, `\`${name}\` has no ${quote(key)}; did you mean ${hint}?`)
    }
    return new ExtensionMap(node, name, faults)
  }

  /** A map inside. */
  inner(key: string, known: readonly string[]): ExtensionMap | undefined {
    const value = this.entry(key)?.value
    return value && ExtensionMap.open(value, `${this.#name}.${key}`, known, this.#faults)
  }

  /** A duration in µs. */
  duration(key: string): number | undefined {
    const value = this.entry(key)?.value
    if (value === undefined) return undefined
    const scalar = value.type === 'scalar' ? value.value : undefined
    const readable = typeof scalar === 'string' || typeof scalar === 'number'
    const milliseconds = readable ? parseDuration(scalar) : undefined
    if (milliseconds !== undefined) return milliseconds * 1000
    return this.#faults.error(
      value.offset,
      `\`${key}\` is a duration such as 30s, 15m, 1h, 7d or 0`,
    )
  }

  /** A whole number of at least `least`. */
  count(key: string, least: number): number | undefined {
    const value = this.entry(key)?.value
    if (value === undefined) return undefined
    const number = value.type === 'scalar' ? value.value : undefined
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least) return number
    return this.#faults.error(value.offset, `\`${key}\` is a whole number of at least ${least}`)
  }

  /** `{lte: 2}`: comparisons that must all hold. */
  thresholds(key: string): readonly Threshold[] | undefined {
    const inner = this.inner(key, comparisons)
    if (inner === undefined) return undefined
    return comparisons.flatMap(comparison => {
      const value = inner.entry(comparison)?.value
      if (value === undefined) return []
      const number = value.type === 'scalar' ? value.value : undefined
      if (typeof number === 'number') return [{ comparison, value: number }]
      this.#faults.error(value.offset, `\`${comparison}\` takes a number`)
      return []
    })
  }

  complain(key: string, message: string): undefined {
    return this.#faults.error(this.entry(key)?.value.offset ?? this.#node.offset, message)
  }
}

const comparisons = ['lt', 'lte', 'gt', 'gte', 'eq', 'neq'] as const
