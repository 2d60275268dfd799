import { type Faults, quote } from '../fault.ts'
import { type Entry, type MapNode, type Node } from '../yaml/node.ts'
import { textOf } from './attributes.ts'

/** A document after collections are unfolded, and the faults that belong to it. */
export interface Unfolded {
  /** Undefined where the document only said something about others. */
  readonly map: MapNode | undefined
  readonly faults: Faults
}

/**
 * Unfolds `action: global` (put into each following document without an action, its values win),
 * `repeat` (the document before with changes) and `reset`, which Sigma 2 has dropped.
 */
export function unfold(nodes: readonly Node[], faultsOf: () => Faults): Unfolded[] {
  const state: State = { global: undefined, before: undefined }
  return nodes.flatMap(node => {
    const faults = faultsOf()
    if (node.type === 'map') return unfoldMap(node, state, faults)
    // A document of comments only says nothing.
    if (node.type === 'scalar' && node.value === null) return []
    faults.error(node.offset, 'a rule is a map; this document is not')
    return { map: emptyMap(node.offset), faults }
  })
}

interface State {
  global: MapNode | undefined
  before: MapNode | undefined
}

function unfoldMap(node: MapNode, state: State, faults: Faults): Unfolded {
  const { name, rest } = takeAction(node, faults)
  if (name === 'reset') state.global = undefined
  if (name === 'global') state.global = state.before = rest
  if (name === 'reset' || name === 'global') return { map: undefined, faults }
  const own = name === 'repeat' && state.before !== undefined ? merge(state.before, rest) : rest
  state.before = own
  const { global } = state
  return { map: global !== undefined && isDetection(own) ? merge(own, global) : own, faults }
}

function isDetection({ entries }: MapNode): boolean {
  return !entries.has('correlation') && !entries.has('filter')
}

function emptyMap(offset: number): MapNode {
  return { type: 'map', entries: new Map(), offset }
}

function takeAction(map: MapNode, faults: Faults): { name: string | undefined; rest: MapNode } {
  const entry = map.entries.get('action')
  if (entry === undefined) return { name: undefined, rest: map }
  const name = textOf(entry.value) ?? ''
  if (!['global', 'repeat', 'reset'].includes(name)) {
    faults.error(
      entry.value.offset,
      `${quote(name)} is no action; allowed are global, repeat, reset`,
    )
    return { name: undefined, rest: map }
  }
  faults.warn(entry.offset, '`action` is gone from Sigma 2; write each rule out')
  const entries = new Map(map.entries)
  entries.delete('action')
  return { name, rest: { ...map, entries } }
}

/** Both maps as one, maps in them too; otherwise `over` wins. */
function merge(base: MapNode, over: MapNode): MapNode {
  const entries = new Map<string, Entry>(base.entries)
  for (const [key, entry] of over.entries) {
    const known = entries.get(key)
    const both = known?.value.type === 'map' && entry.value.type === 'map'
    const value =
      both && known?.value.type === 'map' && entry.value.type === 'map'
        ? merge(known.value, entry.value)
        : entry.value
    entries.set(key, { offset: entry.offset, value })
  }
  return { ...base, entries }
}
