import { type Fault } from './fault.ts'
import { addTiming, newTimings, type Timings } from './timings.ts'

/** What transactions took and how many were refused, since the start. */
export interface CommitCounts {
  /** Seconds from the handing over to the answer, of those that are on the disk. */
  readonly seconds: Timings
  readonly errors: Readonly<Record<Fault, number>>
  /** ms since the one under way was handed over; 0 when none is. */
  readonly underWayMs: number
}

/** Measures transactions, of which one at a time is under way. */
export class CommitMeter {
  readonly #seconds = newTimings()
  readonly #errors = { refused: 0, disk_full: 0, io_error: 0 } satisfies Record<Fault, number>
  #begun: number | undefined

  get counts(): CommitCounts {
    const underWayMs = this.#begun === undefined ? 0 : performance.now() - this.#begun
    return { seconds: this.#seconds, errors: this.#errors, underWayMs }
  }

  async measure<T>(work: () => Promise<T>): Promise<T> {
    this.#begun = performance.now()
    try {
      const result = await work()
      addTiming(this.#seconds, (performance.now() - this.#begun) / 1000)
      return result
    } finally {
      this.#begun = undefined
    }
  }

  failed(fault: Fault): void {
    this.#errors[fault]++
  }
}
