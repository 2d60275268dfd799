import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Entry } from '../storage/store.ts'
import { type Alert, queuedAlert } from './queued.ts'

/** Full jitter: a random pause up to `base * 2^failures`, and never more than `most`. */
const pause = { base: 500, most: 60_000 }
const pageSize = 256

export interface DeliveryOptions {
  readonly name: string
  readonly send: (batch: readonly Alert[]) => Promise<void>
  readonly environment: Environment
  /** Sequence number of the last alert that the sink has, 0 for none. */
  readonly from: number
  readonly log: Log
  /** The sink has all alerts up to `sequence`. */
  readonly onAdvance: (sequence: number) => void
  readonly pauseMs?: number
}

export interface DeliveryStatus {
  readonly state: 'up' | 'down'
  /** Sequence number of the last alert that the sink is done with. */
  readonly cursor: number
  readonly delivered: number
  /** Alerts that the sink will never take, and entries that are damaged. */
  readonly rejected: number
  /** Alerts given up because too many waited. */
  readonly dropped: number
  readonly lastError: string | undefined
}

/** Takes the queue's alerts to one sink, in order, each until the sink has it. */
export class Delivery {
  readonly #options: DeliveryOptions
  #cursor: number
  #delivered = 0
  #rejected = 0
  #dropped = 0
  #failures = 0
  #lastError: string | undefined
  #stopping = false
  #abandoned = false
  #pausing = false
  #news = false
  #wake: (() => void) | undefined
  readonly #running: Promise<void>

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#cursor = options.from
    // The caller is still putting the queue together: begin after it.
    this.#running = Promise.resolve()
      .then(() => this.#run())
      .catch((err: unknown) => options.log.error({ err, sink: options.name }, 'delivery ended'))
  }

  get status(): DeliveryStatus {
    return {
      state: this.#failures === 0 ? 'up' : 'down',
      cursor: this.#cursor,
      delivered: this.#delivered,
      rejected: this.#rejected,
      dropped: this.#dropped,
      lastError: this.#lastError,
    }
  }

  /** There is something new in the queue. */
  wake(): void {
    this.#news = true
    if (!this.#pausing) this.#wake?.()
  }

  /** Gives up all alerts up to `sequence`. */
  skipTo(sequence: number): void {
    if (sequence <= this.#cursor) return
    this.#dropped += sequence - this.#cursor
    this.#advance(sequence)
  }

  /** Sends what waits, as far as the sink takes it without a pause; then ends. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#running
  }

  /** Ends now: what is under way counts as not sent. */
  abandon(): void {
    this.#abandoned = true
    this.#stopping = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    while (!this.#abandoned) {
      this.#news = false
      const entries = this.#options.environment.page('alerts', {
        after: sequenceKey(this.#cursor),
        limit: pageSize,
      })
      const taken = await this.#take(entries)
      if (this.#stopping && (!taken || entries.length === 0)) return
      if (!taken) await this.#pause()
      else if (entries.length === 0 && !this.#news) await this.#sleep()
    }
  }

  /** Whether the sink is done with all of `entries`. */
  async #take(entries: readonly Entry[]): Promise<boolean> {
    const alerts = entries.flatMap(entry => queuedAlert(entry) ?? [])
    if (!(await this.#send(alerts)) || this.#abandoned) return false
    this.#rejected += entries.length - alerts.length
    const last = entries.at(-1)
    if (last !== undefined) this.#advance(keySequence(last.key))
    return true
  }

  /** Whether the sink is done with all of `alerts`. */
  async #send(alerts: readonly Alert[]): Promise<boolean> {
    if (alerts.length === 0) return true
    try {
      await this.#options.send(alerts)
    } catch (error) {
      return this.#failed(alerts, error)
    }
    this.#failures = 0
    this.#delivered += alerts.length
    this.#lastError = undefined
    if (alerts.length === 1) this.#advance(alerts[0]?.sequence ?? 0)
    return true
  }

  async #failed(alerts: readonly Alert[], error: unknown): Promise<boolean> {
    const { name, log } = this.#options
    this.#lastError = error instanceof Error ? error.message : String(error)
    // A program fault of the sink is no reason to throw alerts away.
    if (!(error instanceof SensorError) || error.retry) {
      if (this.#failures++ === 0) log.warn({ sink: name }, `alerts wait: ${this.#lastError}`)
      return false
    }
    if (alerts.length > 1) return this.#sendEach(alerts)
    const [refused] = alerts
    log.error({ sink: name, alert: refused?.id }, `alert refused for good: ${this.#lastError}`)
    this.#rejected++
    this.#advance(refused?.sequence ?? 0)
    return true
  }

  /** One alert that is refused for good must not take the others of its batch with it. */
  async #sendEach(alerts: readonly Alert[]): Promise<boolean> {
    for (const alert of alerts) if (!(await this.#send([alert]))) return false
    return true
  }

  #advance(sequence: number): void {
    if (sequence <= this.#cursor || this.#abandoned) return
    this.#cursor = sequence
    this.#options.onAdvance(sequence)
  }

  async #pause(): Promise<void> {
    const { pauseMs = pause.base } = this.#options
    const most = Math.min(pause.most, pauseMs * 2 ** Math.min(this.#failures, 16))
    this.#pausing = true
    await this.#sleep(Math.random() * most)
    this.#pausing = false
  }

  /** Until somebody wakes it, or for `ms`. */
  #sleep(ms?: number): Promise<void> {
    return new Promise(resolve => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
