import { Conversations, type Ends, OfConversation } from '../decode/conversations.ts'
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
  readonly name: string | undefined
  readonly type: number
  /** µs since the epoch. */
  readonly time: number
}

class Waiting extends OfConversation implements UnansweredQuery {
  readonly name: string | undefined
  readonly time: number

  constructor(ends: Ends, part: number, name: string | undefined, time: number) {
    super(ends, part)
    this.name = name
    this.time = time
  }

  get type(): number {
    return this.part & 0xffff
  }
}

/**
 * Pairs queries with their answers by conversation, id and question, in packet time. Times must not be taken
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
  readonly #waiting = new Conversations<Waiting>()
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
   * Takes a message of the conversation between `ends` at `time` (µs). For an answer whose query
   * waited: the time between them in ns, measured from the first of repeated queries.
   */
  take(ends: Ends, message: DnsMessage, time: number): number | undefined {
    this.expire(time)
    const question = message.questions[0]
    const name = question?.name
    const part = (message.id << 16) | (question?.type ?? 0)
    const query = this.#find(ends, part, name)
    if (message.isResponse) return this.#answer(query, time)
    if (query === undefined) this.#ask(new Waiting(ends, part, name, time))
    else this.counters.repeated++
    return undefined
  }

  /** Gives up the queries that are over their time at `time` (µs); called by `take` too. */
  expire(time: number): void {
    // They stand in the order of their times, so the first that is in time ends the search.
    for (;;) {
      const { oldest } = this.#waiting
      if (oldest === undefined || oldest.time + this.#limits.timeout > time) return
      this.#waiting.remove(oldest)
      this.counters.unanswered++
      this.#onUnanswered?.(oldest)
    }
  }

  #find(ends: Ends, part: number, name: string | undefined): Waiting | undefined {
    let query = this.#waiting.find(ends, part)
    while (query !== undefined && !isSame(query.name, name))
      query = this.#waiting.another(query, ends)
    return query
  }

  #ask(query: Waiting): void {
    const { oldest } = this.#waiting
    if (oldest !== undefined && this.#waiting.size >= this.#limits.capacity) {
      this.#waiting.remove(oldest)
      this.counters.evicted++
    }
    this.#waiting.add(query)
  }

  #answer(query: Waiting | undefined, time: number): number | undefined {
    if (query === undefined) {
      this.counters.unsolicited++
      return undefined
    }
    this.#waiting.remove(query)
    this.counters.answered++
    return Math.max(0, Math.round((time - query.time) * 1000))
  }
}

/** Resolvers vary the letter case of a name (0x20 encoding) and some servers do not keep it. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  return one === other || one?.toLowerCase() === other?.toLowerCase()
}
