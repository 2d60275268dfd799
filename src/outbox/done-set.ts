import { type Operation } from '../storage/operation.ts'

/** Numbers that share one bitmap. */
const chunkSize = 1024

/**
 * Which alerts one sink is done with: all up to `cursor`, and beyond it those in bitmaps of 1,024
 * numbers. Sinks mostly work in order, so that there are few bitmaps or none.
 */
export class DoneSet {
  readonly #name: string
  #cursor: number
  readonly #chunks = new Map<number, Uint8Array>()
  readonly #changed = new Set<number>()
  readonly #stored = new Set<number>()

  constructor(name: string, cursor: number) {
    this.#name = name
    this.#cursor = cursor
  }

  /** Every number up to this one is done. */
  get cursor(): number {
    return this.#cursor
  }

  has(sequence: number): boolean {
    if (sequence <= this.#cursor) return true
    const bit = sequence % chunkSize
    const chunk = this.#chunks.get((sequence - bit) / chunkSize)
    return chunk !== undefined && ((chunk[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }

  /** False when it was done already. */
  add(sequence: number): boolean {
    if (this.has(sequence)) return false
    if (sequence === this.#cursor + 1) this.#advance(sequence)
    else this.#set(sequence)
    return true
  }

  /** A bitmap as `operations` wrote it. */
  restore(key: Uint8Array, bits: Uint8Array): void {
    const id = new DataView(key.buffer, key.byteOffset).getUint32(key.length - 4)
    this.#stored.add(id)
    if (bits.length === chunkSize / 8) this.#chunks.set(id, Uint8Array.from(bits))
    this.#advance(this.#cursor)
  }

  /** The bitmaps that changed since the last call, for the table `acked`. */
  operations(): Operation[] {
    const operations: Operation[] = []
    for (const id of this.#changed) {
      const key = this.#key(id)
      const value = this.#chunks.get(id)
      if (value !== undefined) {
        this.#stored.add(id)
        operations.push({ kind: 'put', table: 'acked', key, value: Uint8Array.from(value) })
      } else if (this.#stored.delete(id)) operations.push({ kind: 'remove', table: 'acked', key })
    }
    this.#changed.clear()
    return operations
  }

  #set(sequence: number): void {
    const bit = sequence % chunkSize
    const id = (sequence - bit) / chunkSize
    const chunk = this.#chunks.get(id) ?? new Uint8Array(chunkSize / 8)
    chunk[bit >> 3] = (chunk[bit >> 3] ?? 0) | (1 << (bit & 7))
    this.#chunks.set(id, chunk)
    this.#changed.add(id)
  }

  #advance(to: number): void {
    const before = Math.floor(this.#cursor / chunkSize)
    this.#cursor = to
    while (this.#chunks.size > 0 && this.has(this.#cursor + 1)) this.#cursor++
    if (Math.floor((this.#cursor + 1) / chunkSize) === before) return
    for (const id of [...this.#chunks.keys(), ...this.#stored]) {
      if ((id + 1) * chunkSize - 1 > this.#cursor) continue
      this.#chunks.delete(id)
      this.#changed.add(id)
    }
  }

  #key(id: number): Buffer {
    const key = Buffer.alloc(this.#name.length + 5)
    key.write(this.#name)
    key.writeUInt32BE(id, this.#name.length + 1)
    return key
  }
}

/** The range of keys in a table whose keys begin with a sink's name and a zero byte. */
export function keysOf(name: string): { start: Buffer; end: Buffer } {
  return { start: Buffer.from(`${name}\0`), end: Buffer.from(`${name}\x01`) }
}
