import { lowerBound } from './aggregate.ts'

/** A match of one rule: its time and the event. */
export type Moment = readonly [time: number, sequence: number]

/** Matches of one rule that are kept: for an order in time older ones rarely matter. */
const mostMoments = 256

/** When each of several rules matched in the last `span` µs of event time. */
export class Sequence {
  readonly #span: number
  readonly moments: readonly Moment[][]
  #last = Number.NEGATIVE_INFINITY

  constructor(span: number, rules: number) {
    this.#span = span
    this.moments = Array.from({ length: rules }, () => [])
  }

  get last(): number {
    return this.#last
  }

  /** Time of the oldest match in the window. */
  get first(): number {
    return Math.min(...this.moments.map(list => list[0]?.[0] ?? Number.POSITIVE_INFINITY))
  }

  get size(): number {
    return this.moments.reduce((sum, { length }) => sum + length, 0)
  }

  /** False for what lies before the window. */
  add(rule: number, time: number, sequence: number): boolean {
    if (this.#last - time > this.#span) return false
    this.#last = Math.max(this.#last, time)
    const list = this.moments[rule]
    let at = list?.length ?? 0
    while (at > 0 && (list?.[at - 1]?.[0] ?? 0) > time) at--
    list?.splice(at, 0, [time, sequence])
    if ((list?.length ?? 0) > mostMoments) list?.shift()
    this.#expire()
    return true
  }

  /** Whether the rule matched in the window. */
  has(rule: number): boolean {
    return (this.moments[rule]?.length ?? 0) > 0
  }

  /** How many of these rules, in this order, matched one after the other, each by an event of its own. */
  longest(rules: readonly number[]): number {
    // best[n]: the earliest end of n matches in order.
    const best: Moment[] = []
    for (const rule of rules) {
      for (let length = best.length; length >= 0; length--) {
        const found = this.#after(rule, length === 0 ? undefined : best[length - 1])
        const known = best[length]
        if (found !== undefined && (known === undefined || found[0] < known[0]))
          best[length] = found
      }
    }
    return best.length
  }

  #after(rule: number, moment: Moment | undefined): Moment | undefined {
    const list = this.moments[rule] ?? []
    if (moment === undefined) return list[0]
    const [time, sequence] = moment
    const from = lowerBound(
      list.map(one => one[0]),
      time,
    )
    return list.slice(from).find(one => one[1] !== sequence)
  }

  #expire(): void {
    const oldest = this.#last - this.#span
    for (const list of this.moments) {
      let gone = 0
      while ((list[gone]?.[0] ?? Number.POSITIVE_INFINITY) < oldest) gone++
      if (gone > 0) list.splice(0, gone)
    }
  }
}
