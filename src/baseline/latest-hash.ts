import { type KeyedHash } from './keyed-hash.ts'

/** The hash of the text that was asked for last: all rules of an event ask for the same few. */
export class LatestHash {
  high = 0
  low = 0
  readonly #hash: KeyedHash
  #text: string | undefined

  constructor(hash: KeyedHash) {
    this.#hash = hash
  }

  /** Afterwards `high` and `low` are those of the text. */
  of(text: string): void {
    if (text === this.#text) return
    this.#hash.of(text)
    this.#text = text
    this.high = this.#hash.high
    this.low = this.#hash.low
  }
}
