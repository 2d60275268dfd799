/** Remembers when something was told, so that it is not told again at once; the oldest are forgotten. */
export class Recent {
  readonly #told = new Map<string, number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** True when `key` was not told for `pause` µs before `time`; it counts as told then. */
  isDue(key: string, time: number, pause: number): boolean {
    const told = this.#told.get(key)
    if (told !== undefined && time - told < pause) return false
    this.#told.delete(key)
    if (this.#told.size >= this.#limit) {
      const [oldest] = this.#told.keys()
      if (oldest !== undefined) this.#told.delete(oldest)
    }
    this.#told.set(key, time)
    return true
  }
}
