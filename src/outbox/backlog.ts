const chunkSize = 1024
/** LMDB keeps a longer value on pages of its own. */
const inlineBytes = 2000
const pageBytes = 4096
const entryOverhead = 24

interface Chunk {
  readonly bytes: Uint32Array
  readonly level: Uint8Array
  /** Sinks that still need the alert; 0: it is not there. */
  readonly needed: Uint16Array
  count: number
}

/**
 * What is in the queue, without the alerts themselves: size, level and how many sinks still need
 * it, seven bytes an alert. An alert that nobody needs any more leaves at once.
 */
export class Backlog {
  readonly #chunks = new Map<number, Chunk>()
  #removed: number[] = []
  #entries = 0
  #bytes = 0
  #newest: number

  /** `newest`: the last number that was ever drawn before what is added. */
  constructor(newest: number) {
    this.#newest = newest
  }

  get entries(): number {
    return this.#entries
  }

  /** About how many bytes of the file they take. */
  get bytes(): number {
    return this.#bytes
  }

  get newest(): number {
    return this.#newest
  }

  set newest(sequence: number) {
    this.#newest = Math.max(this.#newest, sequence)
  }

  /** An alert of `size` bytes is on the disk, and `needed` sinks (up to 65,535) want it. */
  add(sequence: number, size: number, level: number, needed: number): void {
    this.newest = sequence
    if (needed === 0) {
      this.#removed.push(sequence)
      return
    }
    const [chunk, at] = this.#place(sequence)
    chunk.bytes[at] = storedBytes(size)
    chunk.level[at] = level
    chunk.needed[at] = needed
    chunk.count++
    this.#entries++
    this.#bytes += storedBytes(size)
  }

  has(sequence: number): boolean {
    const at = sequence % chunkSize
    return (this.#chunks.get((sequence - at) / chunkSize)?.needed[at] ?? 0) > 0
  }

  /** Bytes that the alert takes; 0 when it is not there. */
  size(sequence: number): number {
    const at = sequence % chunkSize
    return this.#chunks.get((sequence - at) / chunkSize)?.bytes[at] ?? 0
  }

  level(sequence: number): number {
    const at = sequence % chunkSize
    return this.#chunks.get((sequence - at) / chunkSize)?.level[at] ?? 0
  }

  /** One sink does not need it any more. */
  release(sequence: number): void {
    const at = sequence % chunkSize
    const id = (sequence - at) / chunkSize
    const chunk = this.#chunks.get(id)
    const needed = chunk?.needed[at] ?? 0
    if (chunk === undefined || needed === 0) return
    chunk.needed[at] = needed - 1
    if (needed > 1) return
    this.#entries--
    this.#bytes -= chunk.bytes[at] ?? 0
    chunk.bytes[at] = 0
    this.#removed.push(sequence)
    if (--chunk.count === 0) this.#chunks.delete(id)
  }

  /** What has left since the last call. */
  takeRemoved(): readonly number[] {
    const removed = this.#removed
    this.#removed = []
    return removed
  }

  /** Numbers after `after` of alerts up to `level`, oldest first. */
  *upTo(level: number, after: number): Generator<number> {
    const ids = [...this.#chunks.keys()].sort((a, b) => a - b)
    for (const id of ids.filter(one => (one + 1) * chunkSize > after)) {
      const start = Math.max(id * chunkSize, after + 1)
      for (let sequence = start; sequence < (id + 1) * chunkSize; sequence++) {
        if (this.has(sequence) && this.level(sequence) <= level) yield sequence
      }
    }
  }

  #place(sequence: number): [Chunk, number] {
    const at = sequence % chunkSize
    const id = (sequence - at) / chunkSize
    let chunk = this.#chunks.get(id)
    if (chunk === undefined) {
      const bytes = new Uint32Array(chunkSize)
      const [level, needed] = [new Uint8Array(chunkSize), new Uint16Array(chunkSize)]
      chunk = { bytes, level, needed, count: 0 }
      this.#chunks.set(id, chunk)
    }
    return [chunk, at]
  }
}

/** What a value of `size` bytes takes in the file. */
export function storedBytes(size: number): number {
  if (size <= inlineBytes) return size + entryOverhead
  return Math.ceil((size + 16) / pageBytes) * pageBytes
}
