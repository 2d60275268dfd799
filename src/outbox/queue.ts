import { type Log } from '../operate/log.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { Delivery, type DeliveryStatus } from './delivery.ts'
import { type Alert } from './queued.ts'

/** Most alerts that wait; beyond, the oldest are given up and counted. */
const waitingLimit = 100_000

export interface QueueOptions {
  readonly environment: Environment
  /** Where alerts go, by the name of the sink. */
  readonly sinks: ReadonlyMap<string, { send(batch: readonly Alert[]): Promise<void> }>
  readonly log: Log
  readonly limit?: number
  /** First pause after a failure, in ms. */
  readonly pauseMs?: number
}

export interface QueueStatus {
  /** Alerts that some sink still waits for (an upper bound: numbers have gaps). */
  readonly waiting: number
  readonly sinks: Readonly<Record<string, DeliveryStatus>>
}

/**
 * The durable queue of alerts: they are put in by the transaction that caused them, go to each sink
 * in order, and are removed when every sink has them. What a former run left goes first.
 */
export class Queue {
  readonly #environment: Environment
  readonly #deliveries = new Map<string, Delivery>()
  readonly #limit: number
  #newest = 0
  /** All alerts up to this number are removed. */
  #removed = 0
  readonly #writes = new Set<Promise<unknown>>()

  constructor({ environment, sinks, log, limit = waitingLimit, pauseMs }: QueueOptions) {
    this.#environment = environment
    this.#limit = limit
    this.#removed = this.#end(false) - 1
    this.#newest = this.#end(true)
    this.#forgetOtherSinks(sinks)
    for (const [name, sink] of sinks) {
      const from = Math.max(this.#removed, this.#cursor(name))
      const delivery = new Delivery({
        name,
        send: batch => sink.send(batch),
        environment,
        from,
        log,
        onAdvance: sequence => this.#advanced(name, sequence),
        ...(pauseMs === undefined ? {} : { pauseMs }),
      })
      this.#deliveries.set(name, delivery)
    }
  }

  get status(): QueueStatus {
    const sinks = [...this.#deliveries].map(([name, delivery]) => [name, delivery.status] as const)
    const waiting = Math.max(0, this.#newest - this.#lowest())
    return { waiting, sinks: Object.fromEntries(sinks) }
  }

  /** The alert with this number is on the disk. */
  added(sequence: number): void {
    this.#newest = Math.max(this.#newest, sequence)
    for (const delivery of this.#deliveries.values()) {
      delivery.skipTo(this.#newest - this.#limit)
      delivery.wake()
    }
  }

  /** Sends what the sinks take within `ms`; the rest is for the next run. */
  async close(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, ms)
    })
    const stopped = Promise.all([...this.#deliveries.values()].map(one => one.stop()))
    await Promise.race([stopped, late])
    clearTimeout(timer)
    for (const delivery of this.#deliveries.values()) delivery.abandon()
    await this.#environment.flush()
    await Promise.all(this.#writes)
  }

  /** Number of the oldest alert that waits, or of the newest. */
  #end(reverse: boolean): number {
    const [entry] = this.#environment.page('alerts', { limit: 1, reverse })
    return entry === undefined ? Number(!reverse) : keySequence(entry.key)
  }

  #cursor(name: string): number {
    const stored = this.#environment.get('cursors', name)
    return stored === undefined ? 0 : keySequence(stored) || 0
  }

  /** A sink that is no longer configured must not keep alerts, nor come back to old ones. */
  #forgetOtherSinks(sinks: ReadonlyMap<string, unknown>): void {
    const names = this.#environment.page('cursors', { limit: 10_000 }).map(({ key }) => `${key}`)
    const gone = names.filter(name => !sinks.has(name))
    const remove = gone.map(key => ({ kind: 'remove', table: 'cursors', key }) as const)
    if (remove.length > 0) this.#commit(remove)
  }

  /** A sink's cursor and the alerts that nobody needs any more, in one transaction. */
  #advanced(name: string, sequence: number): void {
    const value = sequenceKey(sequence)
    const operations: Operation[] = [{ kind: 'put', table: 'cursors', key: name, value }]
    const done = this.#lowest()
    const after = sequenceKey(this.#removed)
    for (const { key } of this.#environment.page('alerts', { after, limit: 1024 })) {
      if (keySequence(key) > done) break
      operations.push({ kind: 'remove', table: 'alerts', key })
      this.#removed = keySequence(key)
    }
    this.#commit(operations)
  }

  #lowest(): number {
    const cursors = [...this.#deliveries.values()].map(delivery => delivery.status.cursor)
    return cursors.length === 0 ? this.#newest : Math.min(...cursors)
  }

  /** When the disk refuses, the alerts are sent once more after the next start. */
  #commit(operations: readonly Operation[]): void {
    const write = this.#environment.commit(operations).catch(() => undefined)
    this.#writes.add(write)
    void write.finally(() => this.#writes.delete(write))
  }
}
