import { IpAddress } from '../../src/decode/address.ts'
import { concat, raw, u8, u16, u32 } from './bytes.ts'

export type MmdbValue = string | number | { readonly [name: string]: MmdbValue }

type Leaf = { readonly at: number }
type Node = [Child, Child]
type Child = Node | Leaf | undefined

/** A MaxMind DB file (format 2.0, records of 24 bits) with a value for each network. */
export function mmdb(
  networks: Readonly<Record<string, MmdbValue>>,
  options: { readonly version?: 4 | 6; readonly major?: number } = {},
): Uint8Array {
  const { version = 6, major = 2 } = options
  const root: Node = [undefined, undefined]
  let data = new Uint8Array()
  for (const [network, value] of Object.entries(networks)) {
    insert(root, bitsOf(network, version), { at: data.length })
    data = new Uint8Array(concat(data, encode(value)))
  }
  const nodes = numbered(root)
  const tree = nodes.map(node => concat(...node.map(child => u24(pointer(child, nodes)))))
  const metadata = encode({
    binary_format_major_version: major,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: 'test',
    ip_version: version,
    node_count: nodes.length,
    record_size: 24,
  })
  const mark = concat(u8(0xab, 0xcd, 0xef), 'MaxMind.com')
  return concat(...tree, new Uint8Array(16), data, mark, metadata)
}

/** The bits that lead to a network; IPv4 lies below ::/96 of an IPv6 tree. */
function bitsOf(network: string, version: 4 | 6): number[] {
  const [text = '', length] = network.split('/')
  const { family, word0, word1, word2, word3 } =
    IpAddress.parse(text) ?? new IpAddress(4, 0, 0, 0, 0)
  const words = family === 4 ? [word0] : [word0, word1, word2, word3]
  const bits = words.flatMap(word =>
    Array.from({ length: 32 }, (_, at) => (word >>> (31 - at)) & 1),
  )
  const prefix = family === 4 && version === 6 ? new Array<number>(96).fill(0) : []
  return [...prefix, ...bits.slice(0, Number(length))]
}

function insert(root: Node, bits: readonly number[], leaf: Leaf): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit as 0 | 1]
    const made: Node = Array.isArray(next) ? next : [undefined, undefined]
    node[bit as 0 | 1] = made
    node = made
  }
  node[bits.at(-1) as 0 | 1] = leaf
}

function numbered(root: Node): Node[] {
  const nodes = [root]
  for (const node of nodes) nodes.push(...node.filter(child => Array.isArray(child)))
  return nodes
}

function pointer(child: Child, nodes: readonly Node[]): number {
  if (child === undefined) return nodes.length
  return Array.isArray(child) ? nodes.indexOf(child) : nodes.length + 16 + child.at
}

/** Text, unsigned 32 bits, and maps, shorter than 285 bytes. */
function encode(value: MmdbValue): Uint8Array {
  if (typeof value === 'number') return concat(u8((6 << 5) | 4), u32(value))
  if (typeof value === 'string') {
    const { length } = raw(value)
    return length < 29
      ? concat(u8((2 << 5) | length), value)
      : concat(u8((2 << 5) | 29, length - 29), value)
  }
  const entries = Object.entries(value)
  const parts = entries.flatMap(([name, inner]) => [encode(name), encode(inner)])
  return concat(u8((7 << 5) | entries.length), ...parts)
}

function u24(value: number): Uint8Array {
  return concat(u8(value >>> 16), u16(value & 0xffff))
}
