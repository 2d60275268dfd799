import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Names by the number that the digits of an assignment make: blocks of 24, 28 and 36 bits. */
interface Registry {
  readonly large: ReadonlyMap<number, string>
  readonly medium: ReadonlyMap<number, string>
  readonly small: ReadonlyMap<number, string>
}

const longestName = 64

let registry: Registry | undefined

/**
 * Who the IEEE gave this MAC address to (`high` its first three bytes, `low` its last), or the
 * protocol that an address shared by routers belongs to. `undefined` when nobody is known. The
 * registry is read at the first call (about 60 ms), so that a start does not wait for it.
 */
export function vendor(high: number, low: number): string | undefined {
  const shared = sharedBy(high, low)
  if (shared !== undefined) return shared
  registry ??= loadRegistry()
  return (
    registry.small.get(high * 4096 + (low >>> 12)) ??
    registry.medium.get(high * 16 + (low >>> 20)) ??
    registry.large.get(high)
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

function loadRegistry(): Registry {
  // Read, not imported: a module would keep the postal addresses of 50,000 companies in memory.
  const path = createRequire(import.meta.url).resolve('oui-data')
  const texts = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  const names = new Map<string, string>()
  const byDigits = [6, 7, 9].map(digits => [digits, new Map<number, string>()] as const)
  const blocks = new Map(byDigits)
  for (const [digits, text] of Object.entries(texts)) {
    const name = nameOf(text)
    if (name === '') continue
    const known = names.get(name) ?? name
    names.set(known, known)
    blocks.get(digits.length)?.set(Number.parseInt(digits, 16), known)
  }
  const block = (digits: number) => blocks.get(digits) ?? new Map<number, string>()
  return { large: block(6), medium: block(7), small: block(9) }
}

/** The first line of the entry: the name, without the address. Full-width signs become plain ones. */
function nameOf(text: string): string {
  const [line = ''] = text.split('\n', 1)
  const plain = line
    .normalize('NFKC')
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  return plain.length > longestName ? `${plain.slice(0, longestName - 1)}…` : plain
}
