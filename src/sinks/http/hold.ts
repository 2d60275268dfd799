import { SinkError } from '../../outbox/sink-error.ts'

/**
 * The pause that a far side asked for: nothing is sent before it is over, whoever asks. On the clock
 * that nobody sets.
 */
export class Hold {
  #until = 0

  /** Throws a transient SinkError while the pause lasts. */
  check(): void {
    const left = this.#until - performance.now()
    if (left <= 0) return
    const message = `the far side asked for a pause, ${Math.ceil(left / 1000)} s are left`
    throw new SinkError('transient', message, { retryAfter: left })
  }

  /** `failure` itself, its pause noted. */
  after(failure: SinkError): SinkError {
    this.for(failure.retryAfter)
    return failure
  }

  /** A pause of `ms` begins now; undefined for none. */
  for(ms: number | undefined): void {
    if (ms !== undefined) this.#until = Math.max(this.#until, performance.now() + ms)
  }
}
