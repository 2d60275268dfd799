import { ipText } from '../decode/address.ts'
import { macText } from '../decode/mac.ts'

/** Addresses in payload bytes, as text. Bytes that do not exist read as 0; callers check lengths. */

/** The four bytes at `at`, dotted decimal. */
export function ipv4(bytes: Uint8Array, at: number): string {
  return ipText(4, word(bytes, at), 0, 0, 0) ?? ''
}

/** The sixteen bytes at `at` in the form of RFC 5952. */
export function ipv6(bytes: Uint8Array, at: number): string {
  const [a, b] = [word(bytes, at), word(bytes, at + 4)]
  return ipText(6, a, b, word(bytes, at + 8), word(bytes, at + 12)) ?? ''
}

/** The six bytes at `at` as ECS writes a MAC address; undefined for all zeros. */
export function mac(bytes: Uint8Array, at: number): string | undefined {
  return macText(word(bytes, at) >>> 8, word(bytes, at + 2) & 0xffffff)
}

/** True when the four bytes at `at` are 0.0.0.0. */
export function isUnspecified(bytes: Uint8Array, at: number): boolean {
  return word(bytes, at) === 0
}

function word(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return (high << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}
