import { hash } from 'node:crypto'

const slots = 512
/** Texts beyond are rare, and hashed each time. */
const longest = 1024

interface Known {
  readonly text: Uint8Array
  readonly digest: string
}

/**
 * Digests in hexadecimal of what was hashed lately: programs greet each server with the same lists.
 * Direct-mapped, so the bound needs no bookkeeping.
 */
export class Digests {
  readonly #algorithm: string
  readonly #known = new Array<Known | undefined>(slots).fill(undefined)

  constructor(algorithm: string) {
    this.#algorithm = algorithm
  }

  /** Of the first `length` bytes, which may change afterwards. */
  of(bytes: Uint8Array, length: number): string {
    if (length > longest) return hash(this.#algorithm, bytes.subarray(0, length))
    // FNV-1a. Not keyed: colliding texts only cost each other the slot.
    let mixed = 0x811c9dc5
    for (let at = 0; at < length; at++) mixed = Math.imul(mixed ^ (bytes[at] ?? 0), 0x01000193)
    const slot = (mixed ^ (mixed >>> 15)) & (slots - 1)
    const known = this.#known[slot]
    if (known !== undefined && isSame(known.text, bytes, length)) return known.digest
    const text = Uint8Array.prototype.slice.call(bytes, 0, length)
    const digest = hash(this.#algorithm, text)
    this.#known[slot] = { text, digest }
    return digest
  }
}

function isSame(text: Uint8Array, bytes: Uint8Array, length: number): boolean {
  if (text.length !== length) return false
  for (let at = 0; at < length; at++) if (text[at] !== bytes[at]) return false
  return true
}
