/** What a rule may cost. */
export interface BudgetOptions {
  /** ns that one look at an event may take on average. */
  readonly nanoseconds: number
  /** One event in so many is timed; a power of two. */
  readonly every?: number
  /** Timed looks before a rule is judged. */
  readonly samples?: number
  /** ns that have passed since some moment; for tests. */
  readonly clock?: () => number
}

/** What has been measured of a rule. */
export interface Cost {
  /** Timed looks. */
  readonly samples: number
  /** Mean ns of a look. */
  readonly nanoseconds: number
}

const now = () => performance.now() * 1e6

/** Times a share of the looks of every rule; old ones count less and less. */
export class Budget {
  readonly #limit: number
  readonly #mask: number
  readonly #least: number
  readonly #clock: () => number
  readonly #samples: Float64Array
  readonly #sums: Float64Array
  #turn = 0

  constructor(
    rules: number,
    { nanoseconds, every = 1024, samples = 64, clock = now }: BudgetOptions,
  ) {
    this.#limit = nanoseconds
    this.#mask = 2 ** Math.ceil(Math.log2(Math.max(every, 1))) - 1
    this.#least = samples
    this.#clock = clock
    this.#samples = new Float64Array(rules)
    this.#sums = new Float64Array(rules)
  }

  /** Whether this event is one that is timed. */
  get due(): boolean {
    return (this.#turn++ & this.#mask) === 0
  }

  /** Runs a look at the clock; returns its answer, and tells whether the rule is over its budget. */
  time(rule: number, look: () => boolean, over: (rule: number, cost: Cost) => void): boolean {
    const start = this.#clock()
    const answer = look()
    // The process may have been put aside meanwhile: that takes more than a few looks to tell.
    const taken = Math.min(this.#clock() - start, (this.#limit * this.#least) / 4)
    const samples = (this.#samples[rule] ?? 0) + 1
    const sum = (this.#sums[rule] ?? 0) + taken
    this.#samples[rule] = samples
    this.#sums[rule] = sum
    if (samples >= this.#least && sum / samples > this.#limit) {
      over(rule, { samples, nanoseconds: sum / samples })
    }
    if (samples >= this.#least * 16) {
      this.#samples[rule] = samples / 2
      this.#sums[rule] = sum / 2
    }
    return answer
  }

  cost(rule: number): Cost {
    const samples = this.#samples[rule] ?? 0
    return { samples, nanoseconds: samples === 0 ? 0 : (this.#sums[rule] ?? 0) / samples }
  }
}
