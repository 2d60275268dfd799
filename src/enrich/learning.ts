import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'

/** One step of the clock counts for no more: a clock set forward must not end the learning. */
const longestStep = 10 * 60 * 1e6
const name = 'devices.observed'

/**
 * How long the memory has watched, in observed time (µs of event time while the sensor ran). It is
 * kept with the devices, so that a restart goes on where the last run was.
 */
export class ObservedClock {
  #start: number | undefined
  #observed = 0
  #latest: number | undefined
  #lastGap = Number.NEGATIVE_INFINITY

  /** Continues what `environment` remembers. */
  constructor(environment: Environment) {
    const stored = parse(environment.get('meta', name))
    this.#start = stored?.start
    this.#observed = stored?.observed ?? 0
  }

  /** Event time of the first packet that this memory saw: tells one memory from another. */
  get start(): number {
    return this.#start ?? 0
  }

  /** µs of event time that it has been moved on to. */
  get latest(): number {
    return this.#latest ?? this.start
  }

  /** µs since the start in which nobody watched. */
  get missed(): number {
    return this.latest - this.start - this.#observed
  }

  /** Event time (µs) since which somebody watches without a gap; before there is one: the start. */
  get lastGap(): number {
    return this.#lastGap
  }

  /** µs watched until `time`. */
  observed(time: number): number {
    return this.#observed + step(this.#latest, time)
  }

  /** Moves on to `time` (µs); time that runs backwards counts for nothing. */
  advance(time: number): void {
    this.#start ??= time
    // A start is the end of a gap, and so is a step that is too long.
    if (this.#latest === undefined || time - this.#latest > longestStep) this.#lastGap = time
    this.#observed = this.observed(time)
    this.#latest = Math.max(this.#latest ?? time, time)
  }

  /** The change that makes the present state durable. */
  operation(): Operation {
    const value = JSON.stringify({ start: this.start, observed: this.#observed })
    return { kind: 'put', table: 'meta', key: name, value }
  }
}

function step(from: number | undefined, to: number): number {
  return from === undefined ? 0 : Math.min(Math.max(to - from, 0), longestStep)
}

function parse(stored: Buffer | undefined): { start: number; observed: number } | undefined {
  if (stored === undefined) return undefined
  try {
    const { start, observed } = JSON.parse(stored.toString()) as Record<string, unknown>
    if (typeof start !== 'number' || typeof observed !== 'number') return undefined
    return Number.isFinite(start) && observed >= 0 ? { start, observed } : undefined
  } catch {
    return undefined
  }
}
