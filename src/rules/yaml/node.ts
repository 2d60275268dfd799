/** The text of a rule file, for places in it. */
export interface Source {
  readonly file: string
  /** 1-based place of an offset in the text. */
  place(offset: number): { readonly line: number; readonly column: number }
}

/** A piece of YAML, and where it stands: aliases followed, keys unique. */
export type Node = ScalarNode | ListNode | MapNode

export interface ScalarNode {
  readonly type: 'scalar'
  readonly value: string | number | boolean | null
  /** As written, without quotes: keeps digits that a number would lose. */
  readonly text: string
  readonly offset: number
}

export interface ListNode {
  readonly type: 'list'
  readonly items: readonly Node[]
  readonly offset: number
}

export interface MapNode {
  readonly type: 'map'
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly offset: number
}

export interface Entry {
  /** Of the key. */
  readonly offset: number
  readonly value: Node
}

/** The node as plain values, without places. */
export function plain(node: Node): unknown {
  if (node.type === 'scalar') return node.value
  if (node.type === 'list') return node.items.map(plain)
  return Object.fromEntries(Array.from(node.entries, ([key, entry]) => [key, plain(entry.value)]))
}
