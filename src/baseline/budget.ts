/** The room that all baselines of a store have together, in pairs. */
export class Budget {
  /** Pairs of the baselines that are read. */
  pairs = 0
  /** Sightings that a limit kept from being remembered. */
  refused = 0
  readonly limit: number
  readonly #readAll: () => void
  #unread = 0

  /** `readAll` reads what is not read yet, and tells by `read`. */
  constructor(limit: number, readAll: () => void) {
    this.limit = limit
    this.#readAll = readAll
  }

  /** There is one more on the disk, with so many pairs at most. */
  awaits(most: number): void {
    this.#unread += most
  }

  /** One of them is being read: its pairs are counted now. */
  read(most: number): void {
    this.#unread -= most
  }

  /** Exact: when those that are not read could fill it, they are read. */
  get isFull(): boolean {
    if (this.pairs + this.#unread < this.limit) return false
    if (this.#unread > 0) this.#readAll()
    return this.pairs >= this.limit
  }
}
