import { type Log } from '../operate/log.ts'
import { addTiming } from '../storage/timings.ts'
import { alertPause, type Circuit } from './circuit.ts'
import { type DeadReason, letterOf } from './dead-letter.ts'
import { type SinkMetrics } from './metrics.ts'
import { type Alert } from './queued.ts'
import { type Receiver } from './receiver.ts'
import { type FaultClass, faultClass, SinkError } from './sink-error.ts'
import { type LaneStore } from './store.ts'
import { type Unsure } from './unsure.ts'
import { type Held, type Window } from './window.ts'

/** An alert that failed alone so often while others went through is taken for poison. */
const poisonAt = 8

export interface AttemptParts {
  readonly name: string
  readonly receiver: Receiver
  readonly store: LaneStore
  readonly window: Window
  readonly unsure: Unsure | undefined
  readonly circuit: Circuit
  readonly metrics: SinkMetrics
  readonly log: Log
  readonly baseMs?: number | undefined
  /** The sink took something. */
  readonly onSuccess: () => void
  /** The sink did not answer as it should. */
  readonly onFailure: (error: unknown) => void
  /** The sink was left: nothing counts any more. */
  readonly isAbandoned: () => boolean
}

/** `taken`: the sink has all of it. `refused`: what it does not have is buried. `stopped`: wait. */
type Outcome = 'taken' | 'refused' | 'stopped'

/** Sends batches to one sink, and decides what its answer means for each alert. */
export class Attempts {
  readonly #parts: AttemptParts
  #successes = 0

  constructor(parts: AttemptParts) {
    this.#parts = parts
  }

  /** Sends `batch`; when some of it is refused for good, again in halves. Never rejects. */
  async deliver(batch: readonly Held[], knownBad = false): Promise<Outcome> {
    // The other half was taken, so the bad one is in this: no need to ask for all of it once more.
    if (knownBad && batch.length > 1) return this.#halve(batch)
    const error = await this.#send(batch)
    if (this.#parts.isAbandoned()) return 'stopped'
    if (error === undefined) return 'taken'
    const { window } = this.#parts
    const open = batch.filter(({ alert }) => window.get(alert.sequence) !== undefined)
    const rest = this.#answered(open, error)
    if (rest.length === 0) return 'refused'
    const fault = faultClass(error)
    if (fault !== 'permanent') {
      this.#failed(rest, error, fault)
      return 'stopped'
    }
    const [one] = rest
    if (rest.length > 1) return this.#halve(rest)
    if (one !== undefined) this.#bury(one, 'rejected', error)
    return 'refused'
  }

  async #halve(batch: readonly Held[]): Promise<Outcome> {
    const middle = Math.ceil(batch.length / 2)
    const first = await this.deliver(batch.slice(0, middle))
    if (first === 'stopped') return first
    const second = await this.deliver(batch.slice(middle), first === 'taken')
    return second === 'taken' ? first : second
  }

  /** Undefined when the sink has all of it. */
  async #send(batch: readonly Held[]): Promise<unknown> {
    const { receiver, metrics, window, isAbandoned } = this.#parts
    const start = performance.now()
    for (const one of batch) {
      one.attempts++
      one.firstAttempt ||= Date.now()
    }
    try {
      const bySequence = new Map(batch.map(one => [one.alert.sequence, one]))
      await receiver.send(
        batch.map(one => one.alert),
        ({ sequence }) => {
          const one = bySequence.get(sequence)
          if (one === undefined || isAbandoned()) return
          this.#successes++
          this.#taken([one])
        },
        (alerts, ms) => {
          for (const { sequence } of alerts) {
            bySequence.delete(sequence)
            window.postpone(sequence, ms)
          }
        },
      )
      // Where all is for later nobody was asked.
      if (bySequence.size === 0) return undefined
      metrics.attempts.ok++
      if (!isAbandoned()) this.#succeeded([...bySequence.values()])
      return undefined
    } catch (error) {
      metrics.attempts.failed++
      return error ?? new Error('no reason given')
    } finally {
      addTiming(metrics.duration, (performance.now() - start) / 1000)
    }
  }

  #succeeded(batch: readonly Held[]): void {
    this.#successes++
    this.#parts.circuit.succeeded()
    this.#taken(batch)
    this.#parts.onSuccess()
  }

  /** Those of `batch` that nobody has told of before. */
  #taken(batch: readonly Held[]): void {
    const { window, unsure, store, metrics } = this.#parts
    const now = Date.now()
    const fresh = batch.filter(({ alert }) => window.get(alert.sequence) !== undefined)
    for (const { alert } of fresh) {
      window.remove(alert.sequence)
      if (alert.acceptedAt > 0) addTiming(metrics.latency, (now - alert.acceptedAt) / 1000)
      if (unsure === undefined) store.settle(alert.sequence, 'delivered')
    }
    unsure?.add(fresh.map(({ alert, bytes }) => ({ sequence: alert.sequence, bytes })))
  }

  /** Takes out what the error itself tells of single alerts; gives what is left of the batch. */
  #answered(batch: readonly Held[], error: unknown): readonly Held[] {
    if (!(error instanceof SinkError)) return batch
    const has = sequences(error.delivered)
    const never = sequences(error.rejected)
    const taken = batch.filter(one => has.has(one.alert.sequence))
    if (taken.length > 0) this.#successes++
    this.#taken(taken)
    const others = batch.filter(one => !has.has(one.alert.sequence))
    for (const one of others) {
      if (never.has(one.alert.sequence)) this.#bury(one, 'rejected', error)
    }
    return others.filter(one => !never.has(one.alert.sequence))
  }

  #failed(rest: readonly Held[], error: unknown, fault: Exclude<FaultClass, 'permanent'>): void {
    const { circuit, metrics, onFailure } = this.#parts
    const retryAfter = error instanceof SinkError ? error.retryAfter : undefined
    metrics.retries[fault]++
    const [one] = rest
    if (fault === 'transient' && rest.length === 1 && one && this.#strike(one, error)) {
      circuit.pause(retryAfter ?? 0)
      return
    }
    circuit.failed(fault, retryAfter)
    onFailure(error)
  }

  /** An alert failed alone. True: it is this alert, for others went through since the last time. */
  #strike(one: Held, error: unknown): boolean {
    const own = one.alone > 0 && this.#successes > one.successes
    one.alone++
    one.successes = this.#successes
    if (!own) return false
    one.strikes++
    if (one.strikes + 1 >= poisonAt) this.#bury(one, 'poison', error)
    else one.notBefore = performance.now() + alertPause(one.strikes, this.#parts.baseMs)
    return true
  }

  #bury({ alert, ...tried }: Held, reason: DeadReason, error: unknown): void {
    const { name: sink, store, window, log, circuit } = this.#parts
    const letter = letterOf(alert, { sink, reason, error }, tried)
    log.error({ sink, alert: alert.id, sequence: alert.sequence }, `dead letter: ${letter.error}`)
    window.remove(alert.sequence)
    store.bury(letter)
    // It has answered, so it is there.
    if (reason === 'rejected') circuit.succeeded()
  }
}

function sequences(alerts: readonly Alert[]): ReadonlySet<number> {
  return new Set(alerts.map(alert => alert.sequence))
}
