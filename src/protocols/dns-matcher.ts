import { type DnsMessage } from './dns.ts'

/** Bounds of a matcher. */
export interface DnsMatcherLimits {
  /** Queries that wait at the same time; the oldest goes first. */
  readonly capacity: number
  /** µs after which a query counts as unanswered. */
  readonly timeout: number
}

/** What a matcher has counted since it was made. */
export interface DnsMatcherCounters {
  answered: number
  /** Waited longer than the timeout. */
  unanswered: number
  /** Pushed out by newer ones before the timeout. */
  evicted: number
  /** Answers without a query. */
  unsolicited: number
  /** Queries sent again while the first one waited. */
  repeated: number
}

/** A query whose answer did not come in time. */
export interface UnansweredQuery {
  readonly flow: string
  readonly name: string | undefined
  readonly type: number
  /** µs since the epoch. */
  readonly time: number
}

interface Waiting extends UnansweredQuery {
  readonly deadline: number
}

/**
 * Pairs queries with their answers by flow, id and question, in packet time. Times must not be taken
 * from the wall clock; small steps back are harmless. `onUnanswered` hears of each query that was
 * given up, the evicted ones excepted.
 */
export class DnsMatcher {
  readonly counters: DnsMatcherCounters = {
    answered: 0,
    unanswered: 0,
    evicted: 0,
    unsolicited: 0,
    repeated: 0,
  }
  readonly #waiting = new Map<string, Waiting>()
  readonly #limits: DnsMatcherLimits
  readonly #onUnanswered: ((query: UnansweredQuery) => void) | undefined

  constructor(
    limits: Partial<DnsMatcherLimits> = {},
    onUnanswered?: (query: UnansweredQuery) => void,
  ) {
    this.#limits = { capacity: 65_536, timeout: 30_000_000, ...limits }
    this.#onUnanswered = onUnanswered
  }

  /** Queries that wait now. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Takes a message of `flow` (any key that both directions share) at `time` (µs). For an answer
   * whose query waited: the time between them in ns, measured from the first of repeated queries.
   */
  take(flow: string, message: DnsMessage, time: number): number | undefined {
    this.expire(time)
    const question = message.questions[0]
    const name = question?.name
    const type = question?.type ?? 0
    // Resolvers vary the letter case of a name (0x20 encoding) and some servers do not keep it.
    const key = `${flow} ${message.id} ${type} ${name?.toLowerCase() ?? ''}`
    if (message.isResponse) return this.#answer(key, time)
    this.#ask(key, { flow, name, type, time, deadline: time + this.#limits.timeout })
    return undefined
  }

  /** Gives up the queries that are over their time at `time` (µs); called by `take` too. */
  expire(time: number): void {
    // Insertion order is time order, so the first that is in time ends the search.
    for (const [key, query] of this.#waiting) {
      if (query.deadline > time) return
      this.#waiting.delete(key)
      this.counters.unanswered++
      this.#onUnanswered?.(query)
    }
  }

  #ask(key: string, query: Waiting): void {
    if (this.#waiting.has(key)) {
      this.counters.repeated++
      return
    }
    if (this.#waiting.size >= this.#limits.capacity) this.#evict()
    this.#waiting.set(key, query)
  }

  #answer(key: string, time: number): number | undefined {
    const query = this.#waiting.get(key)
    if (query === undefined) {
      this.counters.unsolicited++
      return undefined
    }
    this.#waiting.delete(key)
    this.counters.answered++
    return Math.max(0, Math.round((time - query.time) * 1000))
  }

  #evict(): void {
    for (const key of this.#waiting.keys()) {
      this.#waiting.delete(key)
      this.counters.evicted++
      return
    }
  }
}
