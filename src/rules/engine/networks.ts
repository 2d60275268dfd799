import { type CidrMatch } from '../ast.ts'
import { mask } from '../network.ts'
import { type Mark } from './postings.ts'

export interface NetworkEntry {
  readonly match: CidrMatch
  readonly posting: number
}

/**
 * Networks of one family as the ranges between their first and last addresses: an address lies in
 * one range, found by its first byte and then by halving, and the range knows all networks around it.
 */
export class Networks {
  /** First addresses of the ranges, `width` unsigned words each, ascending. */
  readonly #starts: Uint32Array
  readonly #postings: Int32Array
  /** The last range that starts before the addresses with that first byte, or with them. */
  readonly #before = new Int32Array(257)
  readonly #width: number

  constructor(
    entries: readonly NetworkEntry[],
    width: 1 | 4,
    join: (postings: number[]) => number,
  ) {
    this.#width = width
    const starts: number[][] = [new Array<number>(width).fill(0)]
    const found = [-1]
    for (const { at, inside } of ranges(entries, width)) {
      starts.push(at)
      found.push(inside.length === 0 ? -1 : join(inside))
    }
    this.#starts = Uint32Array.from(starts.flat())
    this.#postings = Int32Array.from(found)
    this.#countBytes()
  }

  /** Marks the networks around the address whose words begin at `at`. */
  find(address: Int32Array, at: number, mark: Mark): void {
    const byte = (address[at] ?? 0) >>> 24
    let low = this.#before[byte] ?? 0
    let high = (this.#before[byte + 1] ?? 0) + 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (this.#startsAfter(middle, address, at)) high = middle
      else low = middle
    }
    const posting = this.#postings[low] ?? -1
    if (posting >= 0) mark.posting(posting)
  }

  #countBytes(): void {
    const { length } = this.#postings
    let range = 0
    for (let byte = 0; byte <= 256; byte++) {
      while (range + 1 < length && this.#isBelow(range + 1, byte)) range++
      this.#before[byte] = range
    }
  }

  /** Whether a range starts below all addresses with that first byte, or at the first of them. */
  #isBelow(range: number, byte: number): boolean {
    const at = range * this.#width
    const first = byte * 2 ** 24
    if (this.#starts[at] !== first) return (this.#starts[at] ?? 0) < first
    return this.#starts.subarray(at + 1, at + this.#width).every(word => word === 0)
  }

  #startsAfter(range: number, address: Int32Array, at: number): boolean {
    const width = this.#width
    for (let index = 0; index < width; index++) {
      const start = this.#starts[range * width + index] ?? 0
      const word = (address[at + index] ?? 0) >>> 0
      if (start !== word) return start > word
    }
    return false
  }
}

/** From each edge of a network to the next: the postings of the networks around. */
function ranges(entries: readonly NetworkEntry[], width: number) {
  const edges = entries.flatMap(({ match, posting }) => {
    const end = after(match, width)
    const start = { at: words(match, width), posting, depth: 1 }
    return end === undefined ? [start] : [start, { at: end, posting, depth: -1 }]
  })
  edges.sort((a, b) => compare(a.at, b.at))
  const open = new Map<number, number>()
  return edges.flatMap(({ at, posting, depth }, index) => {
    const now = (open.get(posting) ?? 0) + depth
    if (now === 0) open.delete(posting)
    else open.set(posting, now)
    const following = edges[index + 1]
    if (following !== undefined && compare(following.at, at) === 0) return []
    return [{ at, inside: [...open.keys()] }]
  })
}

function words({ words }: CidrMatch, width: number): number[] {
  return words.slice(0, width).map(word => word >>> 0)
}

/** The address behind the network's last; undefined when there is none. */
function after(match: CidrMatch, width: number): number[] | undefined {
  const end = words(match, width).map((word, index) => (word | ~mask(match.prefix, index)) >>> 0)
  for (let index = width - 1; index >= 0; index--) {
    const word = end[index] ?? 0
    end[index] = word === 0xffffffff ? 0 : word + 1
    if (word !== 0xffffffff) return end
  }
  return undefined
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, word] of one.entries()) {
    const difference = word - (other[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
