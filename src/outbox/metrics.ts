/** What one sink has cost and done since the start; only grows. */
export interface SinkMetrics {
  readonly attempts: { ok: number; failed: number }
  readonly retries: { transient: number; configuration: number; gone: number }
  /** Seconds in `send`. */
  readonly duration: Sum
  /** Seconds from the accepting commit to the acknowledgement. */
  readonly latency: Sum
}

export interface Sum {
  count: number
  sum: number
  max: number
}

export function sinkMetrics(): SinkMetrics {
  return {
    attempts: { ok: 0, failed: 0 },
    retries: { transient: 0, configuration: 0, gone: 0 },
    duration: newSum(),
    latency: newSum(),
  }
}

export function addTo(sum: Sum, value: number): void {
  sum.count++
  sum.sum += value
  sum.max = Math.max(sum.max, value)
}

function newSum(): Sum {
  return { count: 0, sum: 0, max: 0 }
}
