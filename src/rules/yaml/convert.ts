import { isAlias, isMap, isScalar, isSeq, type Pair, type Scalar, type YAMLMap } from 'yaml'
import { type Faults, quote } from '../fault.ts'
import { type Entry, type Node, type ScalarNode } from './node.ts'

/** What one file may come to, aliases unfolded. */
export const limits = { depth: 64, nodes: 500_000 }

export interface Conversion {
  readonly faults: Faults
  readonly anchors: Map<string, Node>
  nodes: number
}

/** A node of the library as one of ours; undefined with a fault where it breaks a limit. */
export function convert(node: unknown, budget: Conversion, depth: number): Node | undefined {
  const offset = offsetOf(node)
  if (depth > limits.depth) return budget.faults.error(offset, 'nested too deeply to be read')
  if (++budget.nodes > limits.nodes) return budget.faults.error(offset, 'the file holds too much')
  if (isAlias(node)) return unfold(node.source, offset, budget)
  const made = collection(node, offset, budget, depth) ?? scalar(node, offset)
  const anchor = (node as { anchor?: string } | null)?.anchor
  if (anchor !== undefined) budget.anchors.set(anchor, made)
  return made
}

function collection(node: unknown, offset: number, budget: Conversion, depth: number) {
  if (isMap(node)) return mapNode(node, offset, budget, depth)
  if (!isSeq(node)) return undefined
  const items = node.items.flatMap(item => convert(item, budget, depth + 1) ?? [])
  return { type: 'list' as const, items, offset }
}

function mapNode(map: YAMLMap, offset: number, budget: Conversion, depth: number): Node {
  const entries = new Map<string, Entry>()
  for (const pair of map.items) {
    const key = keyOf(pair, offset, budget)
    const value = convert(pair.value, budget, depth + 1)
    if (key === undefined || value === undefined) continue
    const known = entries.get(key.text)
    if (known === undefined) entries.set(key.text, { offset: key.offset, value: at(value, key) })
    else budget.faults.error(key.offset, duplicate(key.text, budget, known))
  }
  return { type: 'map', entries, offset }
}

/** An empty value has no place of its own: that of its key will do. */
function at(value: Node, key: { offset: number }): Node {
  return value.offset >= 0 ? value : { ...value, offset: key.offset }
}

function duplicate(key: string, { faults }: Conversion, { offset }: Entry): string {
  return `the key ${quote(key)} is in line ${faults.source.place(offset).line} already; keep one of the two`
}

function keyOf({ key }: Pair, offset: number, budget: Conversion) {
  const place = Math.max(offsetOf(key), offset)
  if (!isScalar(key)) return budget.faults.error(place, 'a key must be plain text')
  const text = key.value === null ? '' : String(key.source ?? key.value)
  if (text === '<<' && key.type === 'PLAIN') {
    return budget.faults.error(place, 'merge keys (`<<`) are not read; write the keys out')
  }
  return { text, offset: place }
}

/** An alias shares its node; what it would unfold to counts, so that none grows without bound. */
function unfold(name: string, offset: number, budget: Conversion): Node | undefined {
  const target = budget.anchors.get(name)
  if (target === undefined) {
    return budget.faults.error(offset, `no \`&${name}\` comes before this alias`)
  }
  budget.nodes += sizeOf(target, limits.nodes - budget.nodes)
  if (budget.nodes > limits.nodes) {
    return budget.faults.error(offset, 'its aliases unfold to too much; write the values out')
  }
  return target
}

function sizeOf(node: Node, room: number): number {
  let size = 1
  const inner = node.type === 'list' ? node.items : valuesOf(node)
  for (const item of inner) {
    if (size > room) break
    size += sizeOf(item, room - size)
  }
  return size
}

function* valuesOf(node: Node): Iterable<Node> {
  if (node.type !== 'map') return
  for (const { value } of node.entries.values()) yield value
}

function scalar(node: unknown, offset: number): ScalarNode {
  if (!isScalar(node)) return { type: 'scalar', value: null, text: '', offset }
  const { value, source } = node as Scalar
  const kept = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  const text = typeof value === 'string' ? value : (source ?? '')
  return { type: 'scalar', value: kept ? value : null, text, offset }
}

function offsetOf(node: unknown): number {
  const range = (node as { range?: [number, number, number] | null } | null)?.range
  return range?.[0] ?? -1
}
