import { type Faults, orList, quote } from '../fault.ts'
import { type Entry, type MapNode, type Node } from '../yaml/node.ts'

/** Reads the attributes of a map, each with its complaint. */
export class Attributes {
  readonly #map: MapNode
  readonly #faults: Faults

  constructor(map: MapNode, faults: Faults) {
    this.#map = map
    this.#faults = faults
  }

  entry(name: string): Entry | undefined {
    return this.#map.entries.get(name)
  }

  /** Offset of an attribute, else of the map. */
  offset(name: string): number {
    return this.entry(name)?.value.offset ?? this.#map.offset
  }

  /** A text; numbers and booleans by their text. Absent and null alike are undefined. */
  text(name: string, most: number): string | undefined {
    const value = this.entry(name)?.value
    if (value === undefined) return undefined
    const text = textOf(value)
    if (value.type !== 'scalar') {
      return this.#faults.error(value.offset, `\`${name}\` is a text, not a ${value.type}`)
    }
    if (text !== undefined && text.length > most) {
      return this.#faults.error(value.offset, `\`${name}\` is over ${most} characters long`)
    }
    return text
  }

  /** A text that must be there. */
  demanded(name: string, most: number): string | undefined {
    const text = this.text(name, most)
    if (text !== undefined && text !== '') return text
    const value = this.entry(name)?.value
    if (value !== undefined && value.type !== 'scalar') return undefined
    return this.#faults.error(this.offset(name), `\`${name}\` is missing`)
  }

  /** One of some words, in any case. */
  word<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.text(name, 256)
    if (text === undefined) return undefined
    const word = allowed.find(one => one === text.toLowerCase())
    if (word !== undefined) return word
    const message = `${quote(text)} is no ${name}; allowed are ${orList(allowed)}`
    return this.#faults.error(this.offset(name), message)
  }

  /** A list of texts; one text stands for a list of it. */
  texts(name: string): readonly string[] {
    const value = this.entry(name)?.value
    if (value === undefined) return []
    const items = value.type === 'list' ? value.items : [value]
    return items.flatMap(item => {
      if (item.type === 'scalar') return textOf(item) ?? []
      this.#faults.error(item.offset, `\`${name}\` is a list of texts`)
      return []
    })
  }

  /** true or false. */
  flag(name: string): boolean | undefined {
    const value = this.entry(name)?.value
    if (value === undefined) return undefined
    if (value.type === 'scalar' && typeof value.value === 'boolean') return value.value
    return this.#faults.error(value.offset, `\`${name}\` is true or false`)
  }
}

/** The text of a scalar; undefined for null and for what is no scalar. */
export function textOf(node: Node): string | undefined {
  return node.type === 'scalar' && node.value !== null ? node.text : undefined
}
