import { type Log } from '../operate/log.ts'
import { type Environment } from '../storage/environment.ts'
import { Attempts } from './attempt.ts'
import { Circuit } from './circuit.ts'
import { Loader } from './loader.ts'
import { sinkMetrics } from './metrics.ts'
import { type Receiver } from './receiver.ts'
import { buryRefused, refusedSince } from './refused.ts'
import { type When } from './route.ts'
import { type FaultClass, faultClass } from './sink-error.ts'
import { type LaneStore } from './store.ts'
import { Unsure } from './unsure.ts'
import { Window } from './window.ts'

/** Most bytes of alerts that one sink has in memory. */
const mostBytes = 4 * 1024 * 1024
const mostBatches = 8
const usual = { alerts: 256, bytes: 512 * 1024, concurrency: 1, criticalFirst: false }

export interface LaneOptions {
  readonly name: string
  readonly receiver: Receiver
  readonly when?: When | undefined
  /** Alerts older than so many ms are given up; 0 for none. */
  readonly maxAge?: number | undefined
  readonly environment: Environment
  readonly store: LaneStore
  readonly log: Log
  /** First pause after a failure, ms. */
  readonly baseMs?: number | undefined
  /** The sink took something. */
  readonly onSuccess: () => void
}

/** Takes the queue's alerts to one sink, each until the sink has it. */
export class Lane {
  readonly store: LaneStore
  readonly receiver: Receiver
  readonly circuit: Circuit
  readonly metrics = sinkMetrics()
  readonly #options: LaneOptions
  readonly #window = new Window()
  readonly #loader: Loader
  readonly #attempts: Attempts
  readonly #unsure: Unsure | undefined
  readonly #limits: Required<NonNullable<Receiver['limits']>>
  #started = false
  #sending = 0
  #lastError: { readonly text: string; readonly fault: FaultClass } | undefined
  #state: 'running' | 'stopping' | 'abandoned' = 'running'
  #stopped: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #scheduled: NodeJS.Immediate | undefined

  constructor(options: LaneOptions) {
    const { name, receiver, store, environment, when, maxAge = 0 } = options
    this.#options = options
    this.store = store
    this.receiver = receiver
    this.#limits = { ...usual, ...receiver.limits }
    this.circuit = new Circuit({ baseMs: options.baseMs })
    this.#unsure = this.#makeUnsure(receiver)
    const isUnsure = (sequence: number) => this.#unsure?.has(sequence) === true
    const window = this.#window
    const { criticalFirst } = this.#limits
    const waiting = { name, environment, store, when, maxAge, criticalFirst }
    this.#loader = new Loader({ ...waiting, window, isUnsure })
    this.#attempts = this.#makeAttempts()
    const { failures, nextAt, lastError } = store.known
    this.circuit.restore(failures, nextAt - Date.now())
    if (lastError !== '') this.#lastError = { text: lastError, fault: 'transient' }
  }

  start(): void {
    this.#started = true
    this.wake()
  }

  get lastError(): { readonly text: string; readonly fault: FaultClass } | undefined {
    return this.#lastError
  }

  get inflightBytes(): number {
    return this.#window.busyBytes
  }

  /** Bytes of the alerts in memory. */
  get heldBytes(): number {
    return this.#window.bytes
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#state === 'abandoned' || !this.#started) return
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#pump()
    })
  }

  /** Gives an alert up for want of room; false when it is under way or was not for this sink. */
  drop(sequence: number): boolean {
    if (this.#window.get(sequence)?.busy || this.#unsure?.has(sequence)) return false
    this.#window.remove(sequence)
    return this.#loader.drop(sequence)
  }

  /** Sends what waits, as far as the sink takes it without a pause; resolves then. */
  stop(): Promise<void> {
    return new Promise(resolve => {
      if (this.#state === 'abandoned') return resolve()
      this.#state = 'stopping'
      this.#stopped = resolve
      this.wake()
    })
  }

  /** Ends now: what is under way counts as not sent. */
  abandon(): void {
    this.#state = 'abandoned'
    clearTimeout(this.#timer)
    clearImmediate(this.#scheduled)
    this.#stopped?.()
  }

  /** The sink was closed in order: it has what was sent (`true`), or nobody knows. */
  closed(orderly: boolean): void {
    if (orderly) this.#unsure?.confirmAll()
    else this.#unsure?.takeLost()
  }

  #pump(): void {
    if (this.#state === 'abandoned') return
    clearTimeout(this.#timer)
    const more = this.#loader.fill(this.#room())
    const started = this.#sendNext()
    if (started || more) this.wake()
    else if (this.#sending === 0) this.#rest()
  }

  /** Nothing can be done now. */
  #rest(): void {
    // What was sent without a word of the far side is settled when it is closed.
    if (this.#state === 'stopping') {
      this.#stopped?.()
      return
    }
    const { wait } = this.circuit
    const due = wait > 0 ? wait : this.#window.nextDue(performance.now())
    if (due !== undefined && Number.isFinite(due)) {
      this.#timer = setTimeout(() => this.wake(), Math.ceil(due))
    }
  }

  #concurrency(): number {
    const { concurrency } = this.#limits
    return this.circuit.failures > 0 ? 1 : Math.min(mostBatches, Math.max(1, concurrency))
  }

  /** What may be in memory: the batches under way and one more; a failing sink gets less. */
  #room(): { readonly alerts: number; readonly bytes: number } {
    const batches = this.circuit.failures > 0 ? 1 : this.#concurrency() + 1
    const { alerts, bytes } = this.#limits
    return { alerts: alerts * batches, bytes: Math.min(mostBytes, bytes * batches) }
  }

  /** Whether another batch went off. */
  #sendNext(): boolean {
    if (this.#sending >= this.#concurrency() || this.circuit.wait > 0) return false
    const { bytes } = this.#limits
    const alerts = this.circuit.limit(this.#limits.alerts)
    const now = performance.now()
    const batch = this.#window.pick({ alerts, bytes, now, probe: this.circuit.state === 'down' })
    if (batch.length === 0) return false
    this.#sending++
    const { log, name } = this.#options
    void this.#attempts
      .deliver(batch)
      .catch((err: unknown) => log.error({ err, sink: name }, 'delivery failed by a fault of ours'))
      .finally(() => {
        this.#window.release(batch)
        this.#sending--
        if (this.#unsure?.isBroken) this.#sendAgain()
        this.wake()
      })
    return true
  }

  #makeUnsure({ unconfirmed }: Receiver): Unsure | undefined {
    unconfirmed?.onLost(() => {
      this.#unsure?.breaks()
      if (this.#sending === 0) this.#sendAgain()
      this.wake()
    })
    unconfirmed?.onConfirmed?.(grace => this.#unsure?.confirm(grace))
    const deliver = (sequence: number) => this.store.settle(sequence, 'delivered')
    return unconfirmed && new Unsure(unconfirmed, sequences => sequences.forEach(deliver))
  }

  /** What was sent over the broken connection and not known to have come is read once more. */
  #sendAgain(): void {
    const lowest = this.#unsure?.takeLost()
    if (lowest === undefined) return
    this.#window.clear()
    this.#loader.rewind(lowest - 1)
  }

  #makeAttempts(): Attempts {
    const { store, circuit, metrics } = this
    return new Attempts({
      ...this.#options,
      store,
      circuit,
      metrics,
      window: this.#window,
      unsure: this.#unsure,
      onSuccess: () => this.#succeeded(),
      onFailure: error => this.#failed(error),
      isAbandoned: () => this.#state === 'abandoned',
    })
  }

  #succeeded(): void {
    const { log, name, onSuccess } = this.#options
    if (this.#lastError !== undefined) log.info({ sink: name }, 'the sink takes alerts again')
    this.#lastError = undefined
    this.#record(Date.now(), 0)
    onSuccess()
  }

  #failed(error: unknown): void {
    const { log, name } = this.#options
    const text = error instanceof Error ? error.message : String(error)
    if (this.circuit.failures === 1) log.warn({ sink: name }, `alerts wait: ${text}`)
    this.#lastError = { text, fault: faultClass(error) }
    this.#unsure?.breaks()
    const { known } = this.store
    const since = refusedSince(error, known.refusedSince)
    this.#record(known.lastSuccess, since)
    buryRefused({ ...this.#options, window: this.#window, error, since })
  }

  #record(lastSuccess: number, since: number): void {
    const { failures, wait } = this.circuit
    const nextAt = wait > 0 && Number.isFinite(wait) ? Math.ceil(Date.now() + wait) : 0
    const lastError = this.#lastError?.text ?? ''
    this.store.circuit({ failures, nextAt, lastSuccess, lastError, refusedSince: since })
  }
}
