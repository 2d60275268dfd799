import { type Document, levels } from '../alerts/alert.ts'
import { field } from './entry.ts'
import { type Alert } from './queued.ts'
import { type Receiver } from './receiver.ts'
import { faultClass, SinkError } from './sink-error.ts'

/** More than so many waiting, or one that is older, is a storm: people get a digest. */
const storm = { waiting: 20, ageMs: 30_000 }
const digestEveryMs = 60_000
/** All that is in memory is looked at together; the more, the fewer digests. */
const batch = { alerts: 8192, bytes: 8 * 1024 * 1024, criticalFirst: true }
const topCount = 5

export interface GuardOptions {
  readonly perSecond: number
  readonly burst: number
  /** Monotonic ms, and a pause of so many ms; for tests. */
  readonly now?: () => number
  readonly sleep?: (ms: number) => Promise<void>
  readonly digestEveryMs?: number
}

/**
 * Sends to people no more than they can read: one message at a time within the rate, the critical
 * first, and when many wait the others as one digest now and then. Until it is due they are put off, so
 * that what is critical gets through meanwhile. A digest stands for all alerts in it: once it is taken,
 * they are delivered.
 */
export function stormGuard<R extends Receiver>(inner: R, options: GuardOptions): R {
  const guard = new Guard(inner, options)
  return new Proxy(inner, {
    get(target, name) {
      if (name === 'send') return guard.send
      if (name === 'limits') return { ...batch, concurrency: 1 }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

class Guard {
  readonly #inner: Receiver
  readonly #options: GuardOptions
  readonly #now: () => number
  readonly #sleep: (ms: number) => Promise<void>
  #tokens: number
  #filled: number
  #nextDigest = 0
  /** Some wait for the next digest. */
  #holds = false

  constructor(inner: Receiver, options: GuardOptions) {
    this.#inner = inner
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#sleep = options.sleep ?? (ms => new Promise(resolve => setTimeout(resolve, ms)))
    this.#tokens = options.burst
    this.#filled = this.#now()
  }

  readonly send: Receiver['send'] = async (alerts, took, later) => {
    const { single, rest } = this.#sort(alerts)
    let group: readonly Alert[] = []
    try {
      for (const alert of single) {
        group = [alert]
        await this.#message(group, took)
      }
      if (rest.length === 0) return
      const wait = this.#nextDigest - this.#now()
      this.#holds = wait > 0 && later !== undefined
      if (this.#holds) return later?.(rest, wait)
      if (wait > 0) await this.#sleep(wait)
      group = rest
      await this.#message(rest, took)
    } catch (error) {
      throw blame(error, group)
    }
  }

  /** One alert, or a digest of many. */
  async #message(group: readonly Alert[], took: (alert: Alert) => void = () => undefined) {
    await this.#token()
    await this.#inner.send(group.length > 1 ? [digest(group)] : group)
    // At once: whoever dies in the pause before the next message does not send this one again.
    for (const alert of group) took(alert)
    if (group.length > 1) this.#nextDigest = this.#now() + this.#every()
  }

  /** Which go one by one: all, and in a storm the critical. */
  #sort(alerts: readonly Alert[]): { single: readonly Alert[]; rest: readonly Alert[] } {
    if (!this.#isStorm(alerts)) return { single: alerts, rest: [] }
    const critical = alerts.filter(alert => alert.level === 'critical')
    const others = alerts.filter(alert => alert.level !== 'critical')
    // Even of the critical only so many can be read.
    const single = critical.slice(0, storm.waiting)
    return { single, rest: [...critical.slice(storm.waiting), ...others] }
  }

  #isStorm(alerts: readonly Alert[]): boolean {
    // What comes meanwhile joins those that wait for the digest.
    if (this.#holds && this.#now() < this.#nextDigest) return true
    const oldest = Math.min(...alerts.map(alert => alert.acceptedAt || Date.now()))
    const isOld = Date.now() - oldest > storm.ageMs
    return alerts.length > 1 && (alerts.length > storm.waiting || isOld)
  }

  #every(): number {
    return this.#options.digestEveryMs ?? digestEveryMs
  }

  /** Token bucket. */
  async #token(): Promise<void> {
    const { perSecond, burst } = this.#options
    for (;;) {
      const now = this.#now()
      this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filled) / 1000) * perSecond)
      this.#filled = now
      if (this.#tokens >= 1) break
      await this.#sleep(Math.ceil(((1 - this.#tokens) / perSecond) * 1000))
    }
    this.#tokens--
  }
}

/** The error of one message, told of the whole batch. */
function blame(error: unknown, group: readonly Alert[]): unknown {
  const text = error instanceof Error ? error.message : String(error)
  const fault = faultClass(error)
  const known = error instanceof SinkError ? error : undefined
  const { status, body, retryAfter, patience } = known ?? {}
  const isRefused = fault === 'permanent' && group.length === 1
  // Refused: that one message only; what comes after it was not even tried.
  return new SinkError(fault === 'permanent' ? 'transient' : fault, text, {
    cause: error,
    rejected: isRefused ? group : [],
    retryAfter,
    patience,
    ...(status === undefined ? {} : { status }),
    ...(body === undefined ? {} : { body }),
  })
}

/** One alert that stands for many: how many, of which rules, about which hosts. */
function digest(alerts: readonly Alert[]): Alert {
  const [first, last] = [alerts[0], alerts.at(-1)]
  if (first === undefined || last === undefined) throw new Error('an empty digest')
  const rules = top(alerts.map(({ document }) => field(document, 'rule', 'name') ?? 'other'))
  const hosts = top(alerts.flatMap(({ document }) => field(document, 'source', 'ip') ?? []))
  const level = levels.findLast(one => alerts.some(alert => alert.level === one)) ?? first.level
  const words = rules.map(([name, count]) => `${count} × ${name}`).join(', ')
  const about = hosts.length === 0 ? '' : `; most of ${hosts.map(([host]) => host).join(', ')}`
  const message = `${alerts.length} alerts in one message: ${words}${about}`
  const document: Document = {
    ...first.document,
    message,
    tags: ['orthrus', 'digest'],
    labels: { level, digest: 'true' },
    rule: { name: 'Digest of alerts', ruleset: 'orthrus' },
    event: { ...(first.document['event'] as Document), action: 'digest' },
    orthrus: {
      digest: {
        count: alerts.length,
        first_id: first.id,
        last_id: last.id,
        rules: Object.fromEntries(rules),
        hosts: Object.fromEntries(hosts),
      },
    },
  }
  return { ...first, document, json: JSON.stringify(document), level }
}

function top(words: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, topCount)
}
