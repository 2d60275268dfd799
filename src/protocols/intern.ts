import { latin1 } from './text.ts'

const SLOTS = 4096
const LONGEST = 256
const table: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined)

/**
 * The text of `bytes[start, end)`, one character a byte, the same string object for a text that was
 * seen lately: names repeat, and one copy of each is enough. At most 4,096 strings of 256 characters
 * are kept; a slot forgets when another text claims it.
 */
export function intern(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > LONGEST) return latin1(bytes, start, end)
  // FNV-1a. Not keyed: colliding names only cost each other the slot.
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  const known = table[slot]
  if (known !== undefined && same(known, bytes, start, end)) return known
  const text = latin1(bytes, start, end)
  table[slot] = text
  return text
}

function same(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
