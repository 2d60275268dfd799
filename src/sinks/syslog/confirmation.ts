import { type Stream } from './stream.ts'

/** At most a third of the time goes into partings. */
const share = 2
/**
 * ms after a parting in which a break still counts, and for each message of that connection: what
 * the receiver had read but not yet put where it belongs died with it.
 */
const grace = { ms: 5, each: 0.1 } as const
/** ms without partings when the far side does not bear them; doubled each time. */
const pause = { first: 60_000, most: 3_600_000 } as const
/** One connection that fails may be chance. */
const tooMany = 3

export interface ConfirmationParts {
  readonly stream: Stream
  /** ms that what was written may stay unconfirmed; 0 for no partings. */
  readonly within: number
  /** Does `work` while nothing is being written. */
  readonly between: (work: () => Promise<void>) => Promise<unknown>
  readonly onConfirmed: (grace: number) => void
  readonly onLost: () => void
}

/**
 * Finds out what a receiver has that acknowledges nothing: soon after something was written it ends
 * the connection in order, and takes the receiver's own end for its word. The next one stands by
 * then, and the receiver's death would be seen on it.
 */
export class Confirmation {
  readonly #parts: ConfirmationParts
  #timer: NodeJS.Timeout | undefined
  #parting: Promise<void> | undefined
  #notBefore = 0
  #graceUntil = 0
  #failures = 0
  #messages = 0
  #stopped = false

  constructor(parts: ConfirmationParts) {
    this.#parts = parts
  }

  /** Whether the far side is asked, and answers. */
  get works(): boolean {
    return this.#parts.within > 0 && (this.#failures < tooMany || this.#wait <= 0)
  }

  /** So many messages were written that nobody has confirmed. */
  written(messages: number): void {
    const { within, stream } = this.#parts
    this.#messages += messages
    if (within === 0 || this.#stopped || this.#timer !== undefined) return
    // Its handshake is done by the time that it is wanted.
    if (this.works) void stream.prepare()
    this.#timer = setTimeout(() => void this.#confirm(), Math.max(within, this.#wait))
  }

  /** The connection broke, and what was written is written again. */
  lost(): void {
    this.#forget()
    this.#messages = 0
    if (performance.now() < this.#graceUntil) this.#failed(this.#failures + 1)
    this.#graceUntil = 0
  }

  /** Resolves when no parting is under way; there are no more. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#forget()
    await this.#parting
  }

  get #wait(): number {
    return this.#notBefore - performance.now()
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #confirm(): Promise<void> {
    const { stream, between } = this.#parts
    const timer = this.#timer
    await stream.prepare()
    if (this.#timer === timer) this.#timer = undefined
    await between(() => {
      // One that has not begun is not waited for.
      this.#parting = this.#part()
      return this.#parting
    })
  }

  async #part(): Promise<void> {
    if (this.#stopped) return
    const { stream, onConfirmed, onLost } = this.#parts
    if (!stream.isPrepared) {
      // The far side is away: what was written is lost with it, and written again.
      if (!stream.isOpen) return
      // What was written stays unconfirmed on the connection that there is.
      this.#failed(this.#failures + 1)
      return this.written(0)
    }
    const before = this.#graceUntil
    const ms = grace.ms + grace.each * this.#messages
    this.#messages = 0
    const start = performance.now()
    this.#graceUntil = Number.POSITIVE_INFINITY
    const parting = await stream.part()
    const now = performance.now()
    this.#notBefore = now + share * (now - start)
    if (parting === 'taken') {
      // The next one broke meanwhile.
      if (this.#graceUntil === 0) return
      if (before > 0 && before < now) this.#failures = 0
      this.#graceUntil = now + ms
      return onConfirmed(ms)
    }
    if (parting === 'silent') this.#failed(Math.max(tooMany, this.#failures + 1))
    this.#graceUntil = 0
    onLost()
  }

  #failed(failures: number): void {
    this.#failures = failures
    if (failures < tooMany) return
    const ms = Math.min(pause.most, pause.first * 2 ** (failures - tooMany))
    this.#notBefore = performance.now() + ms
  }
}
