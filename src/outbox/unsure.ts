import { type Unconfirmed } from './receiver.ts'

interface Sent {
  readonly sequence: number
  readonly bytes: number
  /** Monotonic ms from which it counts as delivered. */
  until: number
}

/** What was sent to a far side that does not acknowledge, and may still be lost with the connection. */
export class Unsure {
  readonly #limits: Pick<Unconfirmed, 'bytes' | 'ms'>
  readonly #confirmed: (sequences: readonly number[]) => void
  readonly #sent = new Map<number, Sent>()
  #bytes = 0
  /** Lowest number that was sent over a broken connection. */
  #lost: number | undefined
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
    const until = performance.now() + this.#limits.ms
    for (const { sequence, bytes } of batch) {
      this.#sent.set(sequence, { sequence, bytes, until })
      this.#bytes += bytes
    }
    this.#settle()
  }

  /** The connection broke, and what was sent on it is still to be taken by `takeLost`. */
  get isBroken(): boolean {
    return this.#lost !== undefined
  }

  /** The connection broke: from now on nothing of it counts, however old it gets. */
  breaks(): void {
    this.#lost = Math.min(this.#lost ?? Number.POSITIVE_INFINITY, ...this.#sent.keys())
    this.#sent.clear()
    this.#bytes = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Forgets all that was sent. Gives the lowest number of it, undefined for none. */
  takeLost(): number | undefined {
    this.breaks()
    const lowest = this.#lost
    this.#lost = undefined
    return lowest === Number.POSITIVE_INFINITY ? undefined : lowest
  }

  /** The far side has all of it, and keeps it unless it breaks the connection within `grace` ms. */
  confirm(grace: number): void {
    // A break that is still to be dealt with may have come before it.
    if (this.isBroken) return
    const until = performance.now() + grace
    for (const one of this.#sent.values()) one.until = Math.min(one.until, until)
    this.#wait()
  }

  confirmAll(): void {
    const all = this.isBroken ? [] : [...this.#sent.keys()]
    this.takeLost()
    if (all.length > 0) this.#confirmed(all)
  }

  /** Counts as delivered what was old enough at `passed`, or has enough behind it. */
  #settle(passed = Number.NEGATIVE_INFINITY): void {
    const safe: number[] = []
    for (const { sequence, bytes, until } of this.#sent.values()) {
      if (passed < until && this.#bytes <= this.#limits.bytes) break
      this.#sent.delete(sequence)
      this.#bytes -= bytes
      safe.push(sequence)
    }
    this.#wait()
    if (safe.length > 0) this.#confirmed(safe)
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const [first] = this.#sent.values()
    if (first === undefined) return
    this.#timer = setTimeout(
      () => {
        const passed = performance.now()
        // After a busy time the clock is asked before the sockets: a break that came in it counts.
        setImmediate(() => this.#settle(passed))
      },
      Math.max(1, first.until - performance.now()),
    )
  }
}
