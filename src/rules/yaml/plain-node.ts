import { type Complaint } from '../../config/fault.ts'
import { limits } from './convert.ts'
import { type Entry, type Node, type Source } from './node.ts'

type Place = Pick<Complaint, 'path' | 'part'>

/** Plain values as nodes whose offsets stand for their paths: `placeOf` gives them back. */
export class PlainNodes {
  readonly #places: Place[] = []
  readonly source: Source = { file: '', place: offset => ({ line: offset, column: 1 }) }

  placeOf(offset: number): Place {
    return this.#places[offset] ?? { path: [], part: 'value' }
  }

  /** Undefined where it nests too deeply. */
  node(value: unknown, path: readonly string[]): Node | undefined {
    if (path.length > limits.depth) return undefined
    const offset = this.#mark(path, 'value')
    if (Array.isArray(value)) {
      const items = value.flatMap((item, at) => this.node(item, [...path, String(at)]) ?? [])
      return items.length < value.length ? undefined : { type: 'list', items, offset }
    }
    if (typeof value === 'object' && value !== null) return this.#map(value, path, offset)
    const kept = typeof value === 'string' || typeof value === 'number' || value === !!value
    return { type: 'scalar', value: kept ? value : null, text: kept ? String(value) : '', offset }
  }

  #map(value: object, path: readonly string[], offset: number): Node | undefined {
    const entries = new Map<string, Entry>()
    for (const [key, inner] of Object.entries(value)) {
      const own = [...path, key]
      const node = this.node(inner, own)
      if (node === undefined) return undefined
      entries.set(key, { offset: this.#mark(own, 'key'), value: node })
    }
    return { type: 'map', entries, offset }
  }

  #mark(path: readonly string[], part: Place['part']): number {
    return this.#places.push({ path, part }) - 1
  }
}
