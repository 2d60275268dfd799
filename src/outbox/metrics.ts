import { newTimings, type Timings } from '../storage/timings.ts'

/** What one sink has cost and done since the start; only grows. */
export interface SinkMetrics {
  readonly attempts: { ok: number; failed: number }
  readonly retries: { transient: number; configuration: number; gone: number }
  /** In `send`. */
  readonly duration: Timings
  /** From the accepting commit to the acknowledgement. */
  readonly latency: Timings
}

export function sinkMetrics(): SinkMetrics {
  return {
    attempts: { ok: 0, failed: 0 },
    retries: { transient: 0, configuration: 0, gone: 0 },
    duration: newTimings(),
    latency: newTimings(),
  }
}
