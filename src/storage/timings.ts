/** Upper ends of the ranges, in seconds: a time is in the first that is not shorter. */
export const timingBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
] as const

/** How long something took, in seconds, since the start; only grows. */
export interface Timings {
  count: number
  sum: number
  /** How many were in each range of `timingBounds`; what took longer is in none. */
  readonly ranges: number[]
}

export function newTimings(): Timings {
  return { count: 0, sum: 0, ranges: timingBounds.map(() => 0) }
}

/** Counts one that took so many seconds. */
export function addTiming(timings: Timings, seconds: number): void {
  timings.count++
  timings.sum += seconds
  const at = timingBounds.findIndex(bound => seconds <= bound)
  if (at >= 0) timings.ranges[at] = (timings.ranges[at] ?? 0) + 1
}
