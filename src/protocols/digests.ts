import { hash } from 'node:crypto'

const slots = 512
/** Lists beyond are rare, and hashed each time. */
const longest = 256

interface Known {
  readonly numbers: Uint16Array
  readonly digest: string
}

/** The first `length` numbers as the text whose digest is wanted; valid until the next call. */
export type Write = (numbers: Uint16Array, length: number) => Uint8Array

/**
 * Digests in hexadecimal of lists of numbers that are hashed as text. What was asked lately is known by
 * the numbers alone: programs greet each server with the same lists. Direct-mapped, so the bound needs
 * no bookkeeping.
 */
export class Digests {
  readonly #algorithm: string
  readonly #digits: number
  readonly #write: Write
  readonly #known = new Array<Known | undefined>(slots).fill(undefined)

  /** Of a digest the first `digits` are given. */
  constructor(algorithm: string, digits: number, write: Write) {
    this.#algorithm = algorithm
    this.#digits = digits
    this.#write = write
  }

  /** Of the first `length` numbers, which may change afterwards. */
  of(numbers: Uint16Array, length: number): string {
    if (length > longest) return this.#hash(numbers, length)
    // FNV-1a. Not keyed: colliding lists only cost each other the slot.
    let mixed = 0x811c9dc5
    for (let at = 0; at < length; at++) mixed = Math.imul(mixed ^ (numbers[at] ?? 0), 0x01000193)
    const slot = (mixed ^ (mixed >>> 15)) & (slots - 1)
    const known = this.#known[slot]
    if (known !== undefined && isSame(known.numbers, numbers, length)) return known.digest
    const digest = this.#hash(numbers, length)
    this.#known[slot] = { numbers: numbers.slice(0, length), digest }
    return digest
  }

  #hash(numbers: Uint16Array, length: number): string {
    return hash(this.#algorithm, this.#write(numbers, length)).slice(0, this.#digits)
  }
}

function isSame(known: Uint16Array, numbers: Uint16Array, length: number): boolean {
  if (known.length !== length) return false
  for (let at = 0; at < length; at++) if (known[at] !== numbers[at]) return false
  return true
}
