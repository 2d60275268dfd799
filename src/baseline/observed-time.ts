/** One step counts for no more: neither a clock set forward nor a stopped sensor teaches anything. */
const longestStep = 10 * 60 * 1e6

/** Event time while the sensor watched, in µs. */
export class ObservedTime {
  #latest: number | undefined
  #observed: number

  /** `observed`: what was observed before this start; the time in between counts for nothing. */
  constructor(observed = 0) {
    this.#observed = observed
  }

  get observed(): number {
    return this.#observed
  }

  get latest(): number | undefined {
    return this.#latest
  }

  /** Moves on to `time`; time that runs backwards counts for nothing. */
  advance(time: number): void {
    const latest = this.#latest ?? time
    if (time > latest) this.#observed += Math.min(time - latest, longestStep)
    this.#latest = Math.max(latest, time)
  }
}
