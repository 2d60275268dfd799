import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Blocks of 24, 28 and 36 bits with the names of their owners, in the order of `keys`. */
interface Registry {
  /** All names, one after the other; a character is a byte of UTF-8. */
  readonly names: string
  /** As `blockKey` makes them, ascending: three arrays take a third of what a Map does. */
  readonly keys: Float64Array
  readonly starts: Uint32Array
  readonly lengths: Uint8Array
}

const longestName = 64
const mostBytes = 255

let registry: Registry | undefined

/**
 * Who the IEEE gave this MAC address to (`high` its first three bytes, `low` its last), or the
 * protocol that an address shared by routers belongs to. `undefined` when nobody is known. The
 * registry is read at the first call (tens of milliseconds), so that a start does not wait for it.
 */
export function vendor(high: number, low: number): string | undefined {
  const shared = sharedBy(high, low)
  if (shared !== undefined) return shared
  registry ??= readRegistry(readFileSync(registryFile(), 'latin1'))
  return (
    nameOf(registry, blockKey(9, high * 4096 + (low >>> 12))) ??
    nameOf(registry, blockKey(7, high * 16 + (low >>> 20))) ??
    nameOf(registry, blockKey(6, high))
  )
}

/** The first-hop redundancy protocol whose routers share this MAC address. */
export function sharedBy(high: number, low: number): string | undefined {
  const block = low >>> 8
  // RFC 9568 7.3; CARP uses the same block.
  if (high === 0x00005e && block === 1) return 'VRRP or CARP virtual router'
  if (high === 0x00005e && block === 2) return 'VRRP virtual router (IPv6)'
  if (high === 0x00000c && block === 0x07ac) return 'HSRP virtual router'
  if (high === 0x00000c && low >>> 12 === 0x9ff) return 'HSRP virtual router (version 2)'
  if (high === 0x000573 && low >>> 12 === 0xa00) return 'HSRP virtual router (IPv6)'
  return high === 0x0007b4 && low >>> 16 === 0 ? 'GLBP virtual router' : undefined
}

/** Whether the address was not assigned by the IEEE but made up: randomised, or of a virtual machine. */
export function isLocallyAdministered(high: number): boolean {
  return (high & 0x030000) === 0x020000
}

/** Whether it names a group: multicast or broadcast. */
export function isGroupAddress(high: number): boolean {
  return (high & 0x010000) !== 0
}

function registryFile(): string {
  return createRequire(import.meta.url).resolve('oui-data')
}

/**
 * Finds prefixes and names in the JSON text (`"00005E": "NAME\\nSTREET…"`, a character a byte).
 * Neither imported nor parsed: that takes ten times as long and leaves 50,000 postal addresses.
 */
function readRegistry(text: string): Registry {
  const keys: number[] = []
  const starts: number[] = []
  const names: string[] = []
  let size = 0
  for (let start = text.indexOf('"'); start >= 0; ) {
    const middle = text.indexOf('"', start + 1)
    const value = text.indexOf('"', middle + 1) + 1
    if (middle < 0 || value <= middle) break
    const end = closingQuote(text, value)
    const line = text.indexOf('\\n', value)
    const name = text.slice(value, Math.min(end, line < 0 ? end : line, value + mostBytes))
    const digits = text.slice(start + 1, middle)
    keys.push(blockKey(digits.length, Number.parseInt(digits, 16)))
    starts.push(size)
    names.push(name)
    size += name.length
    start = text.indexOf('"', end + 1)
  }
  const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
  return {
    names: names.join(''),
    keys: Float64Array.from(order, at => keys[at] ?? 0),
    starts: Uint32Array.from(order, at => starts[at] ?? 0),
    lengths: Uint8Array.from(order, at => names[at]?.length ?? 0),
  }
}

/** One number for the hexadecimal digits of an assignment and how many they are. */
function blockKey(digits: number, value: number): number {
  return digits * 2 ** 36 + value
}

function nameOf({ names, keys, starts, lengths }: Registry, key: number): string | undefined {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? 0) < key) low = middle + 1
    else high = middle
  }
  if (keys[low] !== key) return undefined
  const start = starts[low] ?? 0
  return nameIn(names.slice(start, start + (lengths[low] ?? 0)))
}

/** The quote that ends the JSON string whose first character is at `from`, or the text's end. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0
    while (text[at - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length
}

/** One line of printable signs, at most `longestName`; full-width signs become plain ones. */
function nameIn(name: string): string | undefined {
  const bytes = Buffer.from(name, 'latin1')
  const plain = bytes
    .toString()
    .replace(/\\(.)/g, '$1')
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  if (plain === '') return undefined
  return plain.length > longestName ? `${plain.slice(0, longestName - 1)}…` : plain
}
