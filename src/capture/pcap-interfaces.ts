const LIMIT = 65_535

/** Interfaces of the captures of one replay: made-up index (from 1) and name. */
export class CaptureInterfaces {
  readonly #names: string[] = []
  readonly #indexes = new Map<string, number>()
  #unnamed: number | undefined

  /**
   * The index of an interface that the capture does not name: one for all files of a replay, called
   * after the first, since a rotated capture is one interface in several files.
   */
  unnamed(label: string): number {
    this.#unnamed ??= this.index(label)
    return this.#unnamed
  }

  /** The index of a name, new or known; beyond 65,535 names all others share the last one. */
  index(name: string): number {
    const known = this.#indexes.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= LIMIT) return LIMIT
    const index = this.#names.push(name)
    this.#indexes.set(name, index)
    return index
  }

  /** The name of an index, as the capture has it (text from outside). */
  name(index: number): string | undefined {
    return this.#names[index - 1]
  }
}
