import { type Unconfirmed } from './receiver.ts'

interface Sent {
  readonly sequence: number
  readonly bytes: number
  /** Monotonic ms. */
  readonly at: number
}

/** What was sent to a far side that does not acknowledge, and may still be lost with the connection. */
export class Unsure {
  readonly #limits: Pick<Unconfirmed, 'bytes' | 'ms'>
  readonly #confirmed: (sequences: readonly number[]) => void
  readonly #sent = new Map<number, Sent>()
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    limits: Pick<Unconfirmed, 'bytes' | 'ms'>,
    confirmed: (sequences: readonly number[]) => void,
  ) {
    this.#limits = limits
    this.#confirmed = confirmed
  }

  has(sequence: number): boolean {
    return this.#sent.has(sequence)
  }

  add(batch: readonly { readonly sequence: number; readonly bytes: number }[]): void {
    const at = performance.now()
    for (const { sequence, bytes } of batch) {
      this.#sent.set(sequence, { sequence, bytes, at })
      this.#bytes += bytes
    }
    this.#settle()
  }

  /** The connection broke: nothing of it counts. Gives the lowest number, undefined for none. */
  takeLost(): number | undefined {
    const lowest = this.#sent.size === 0 ? undefined : Math.min(...this.#sent.keys())
    this.#sent.clear()
    this.#bytes = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    return lowest
  }

  confirmAll(): void {
    const all = [...this.#sent.keys()]
    this.takeLost()
    if (all.length > 0) this.#confirmed(all)
  }

  /** Counts as delivered what is old enough, or has enough behind it. */
  #settle(): void {
    const now = performance.now()
    const safe: number[] = []
    for (const { sequence, bytes, at } of this.#sent.values()) {
      if (now - at < this.#limits.ms && this.#bytes <= this.#limits.bytes) break
      this.#sent.delete(sequence)
      this.#bytes -= bytes
      safe.push(sequence)
    }
    const [first] = this.#sent.values()
    clearTimeout(this.#timer)
    this.#timer =
      first === undefined
        ? undefined
        : setTimeout(() => this.#settle(), Math.max(1, first.at + this.#limits.ms - now))
    if (safe.length > 0) this.#confirmed(safe)
  }
}
