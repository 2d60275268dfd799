/** What tables call when they have found something. */
export interface Mark {
  posting(number: number): void
}

/**
 * The rules that each thing found speaks for. Entries are `rule * 2 + gate`: gate 0 makes the rule a
 * candidate, gate 1 is the second thing that some rules need besides.
 */
export class PostingBuilder {
  readonly #lists: number[][] = []
  readonly #joined = new Map<string, number>()

  /** A new, empty list. */
  open(): number {
    return this.#lists.push([]) - 1
  }

  add(posting: number, rule: number, gate: 0 | 1): void {
    this.#lists[posting]?.push(rule * 2 + gate)
  }

  /** One list for several; the same several give the same one. */
  readonly join = (postings: number[]): number => {
    const [only] = postings
    if (postings.length === 1 && only !== undefined) return only
    const key = [...postings].sort((a, b) => a - b).join()
    const known = this.#joined.get(key)
    if (known !== undefined) return known
    const entries = new Set(postings.flatMap(posting => this.#lists[posting] ?? []))
    const made = this.#lists.push([...entries]) - 1
    this.#joined.set(key, made)
    return made
  }

  build(): Postings {
    const starts = new Int32Array(this.#lists.length + 1)
    for (const [index, list] of this.#lists.entries()) {
      starts[index + 1] = (starts[index] ?? 0) + list.length
    }
    const entries = new Int32Array(starts.at(-1) ?? 0)
    for (const [index, list] of this.#lists.entries()) {
      entries.set(
        [...list].sort((a, b) => a - b),
        starts[index] ?? 0,
      )
    }
    return { starts, entries }
  }
}

export interface Postings {
  readonly starts: Int32Array
  readonly entries: Int32Array
}
