/**
 * Addresses in the spelling of EVENTS.md. Bytes that do not exist read as 0; callers check lengths.
 */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const UPPER = HEX.map(pair => pair.toUpperCase())

/** Dotted decimal of the four bytes at `at`. */
export function ipv4(bytes: Uint8Array, at: number): string {
  return `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`
}

/** The sixteen bytes at `at` in the form of RFC 5952; IPv4-mapped addresses end in dotted decimal. */
export function ipv6(bytes: Uint8Array, at: number): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2)
    groups.push(((bytes[at + i] ?? 0) << 8) | (bytes[at + i + 1] ?? 0))
  if (isMapped(groups)) return `::ffff:${ipv4(bytes, at + 12)}`
  const { from, length } = longestZeros(groups)
  if (length < 2) return groups.map(group => group.toString(16)).join(':')
  return `${join(groups, 0, from)}::${join(groups, from + length, 8)}`
}

/** Upper-case pairs with dashes, as ECS wants MAC addresses (RFC 7042); any length. */
export function mac(bytes: Uint8Array, at: number, length = 6): string {
  let text = UPPER[bytes[at] ?? 0] ?? ''
  for (let i = 1; i < length; i++) text += `-${UPPER[bytes[at + i] ?? 0]}`
  return text
}

/** True when the four bytes at `at` are 0.0.0.0. */
export function isUnspecified(bytes: Uint8Array, at: number): boolean {
  return !(bytes[at] || bytes[at + 1] || bytes[at + 2] || bytes[at + 3])
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every(group => group === 0)
}

function join(groups: readonly number[], from: number, to: number): string {
  return groups
    .slice(from, to)
    .map(group => group.toString(16))
    .join(':')
}

// RFC 5952 4.2.3: the longest run of zero groups, the first of equals.
function longestZeros(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 }
  let from = -1
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) {
      if (from < 0) from = i
    } else if (from >= 0) {
      if (i - from > best.length) best = { from, length: i - from }
      from = -1
    }
  }
  return best
}
