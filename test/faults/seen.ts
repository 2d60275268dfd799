import { closeSync, openSync, readSync } from 'node:fs'

/** Which of the alerts `a0`, `a1` … have come, a bit each; millions take no room. */
export class Seen {
  readonly #bits: Uint8Array
  #size = 0
  #doubles = 0
  #foreign = 0

  constructor(most: number) {
    this.#bits = new Uint8Array(Math.ceil(most / 8))
  }

  /** How many have come, each counted once. */
  get size(): number {
    return this.#size
  }

  /** How often one came again. */
  get doubles(): number {
    return this.#doubles
  }

  /** What came and nobody had sent. */
  get foreign(): number {
    return this.#foreign
  }

  add(id: string): void {
    const n = /^a\d+$/.test(id) ? Number(id.slice(1)) : Number.POSITIVE_INFINITY
    const [at, bit] = [n >>> 3, 1 << (n & 7)]
    if (n >= this.#bits.length * 8) this.#foreign++
    else if (((this.#bits[at] ?? 0) & bit) !== 0) this.#doubles++
    else {
      this.#bits[at] = (this.#bits[at] ?? 0) | bit
      this.#size++
    }
  }
}

/** The ids of alerts in lines of JSON that come piece by piece. */
export function idsOf(pattern: RegExp, take: (id: string) => void) {
  let rest = ''
  return (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(pattern.exec(line)?.[1] ?? line)
  }
}

/** Reads on in a file that grows, each time from where it stopped; gigabytes are never in memory. */
export function tailOf(path: string, take: (chunk: string) => void): () => void {
  const buffer = Buffer.alloc(1 << 20)
  let position = 0
  return () => {
    const fd = openSync(path, 'r')
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, position)
      if (length === 0) break
      position += length
      take(buffer.toString('latin1', 0, length))
    }
    closeSync(fd)
  }
}
