import { type Document } from '../alerts/alert.ts'
import { type Log } from '../operate/log.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { type Backlog } from './backlog.ts'
import { aborted, closeLane, within } from './closing.ts'
import { findDamage } from './damage.ts'
import { acceptOperation, entryHead, longestHead } from './entry.ts'
import { Lane } from './lane.ts'
import { Ledger } from './ledger.ts'
import { openStores } from './open.ts'
import { Progress } from './progress.ts'
import { Quota } from './quota.ts'
import { type Receiver } from './receiver.ts'
import { type When } from './route.ts'
import { type OutboxMetrics, type OutboxStatus, outboxMetrics, outboxStatus } from './status.ts'
import { type LaneStore, newestAlert } from './store.ts'

const defaultQuota = 2 * 1024 ** 3
const scanPage = 1024
const tickMs = 1000

/** One sink and what is wanted of the outbox for it. */
export interface Outlet {
  readonly receiver: Receiver
  readonly when?: When | undefined
  /** Alerts older than so many ms are given up; 0 for none. */
  readonly maxAge?: number | undefined
}

export interface OutboxOptions {
  readonly environment: Environment
  /** By the name of the sink. */
  readonly outlets: ReadonlyMap<string, Outlet>
  readonly log: Log
  /** Bytes that alerts and dead letters may take. */
  readonly quota?: number
  /** First pause after a failure, ms. */
  readonly baseMs?: number
  /** The alert about alerts that were given up, told when the sink is back. */
  readonly lossAlert?: (facts: Document) => Document
}

/** Opens the outbox; what a former run left goes first. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const outbox = new Outbox(options)
  await outbox.open()
  return outbox
}

/**
 * The durable queue of alerts: they are put in by the transaction that caused them, go to each sink
 * until it has them, and are removed when no sink needs them any more. For each sink, at all times:
 * accepted = delivered + dead + dropped + filtered + replayed + pending.
 */
export class Outbox {
  readonly lanes: readonly Lane[]
  readonly backlog: Backlog
  readonly ledger: Ledger
  readonly quota: Quota
  readonly progress: Progress
  readonly environment: Environment
  readonly #options: OutboxOptions
  readonly #stores: readonly LaneStore[]
  #scanned = 0
  #told: Operation[] = []
  #intake: NodeJS.Immediate | undefined
  #tick: NodeJS.Timeout | undefined
  #closed = false
  #damaged = 0
  #looking: Promise<void> | undefined

  constructor(options: OutboxOptions) {
    const { environment, outlets, log, baseMs, quota = defaultQuota } = options
    this.#options = options
    this.environment = environment
    this.ledger = new Ledger(environment)
    this.progress = new Progress({
      environment,
      collect: () => this.#collect(),
      removed: () => this.backlog.takeRemoved(),
      onAppended: sequences => this.added(Math.max(...sequences)),
    })
    const { backlog, stores, start, mend } = openStores(environment, [...outlets.keys()], {
      ledger: this.ledger,
      touch: () => this.progress.touch(),
      log,
    })
    this.backlog = backlog
    this.#stores = stores
    this.#told.push(...mend)
    this.#scanned = start
    this.lanes = stores.flatMap(store => {
      const outlet = outlets.get(store.name)
      if (outlet === undefined) return []
      const { name } = store
      const onSuccess = () => this.#tell(name)
      return [new Lane({ ...outlet, name, environment, store, log, baseMs, onSuccess })]
    })
    this.quota = new Quota({ bytes: quota, environment, backlog, lanes: this.lanes })
  }

  get status(): OutboxStatus {
    return outboxStatus(this)
  }

  get metrics(): OutboxMetrics {
    return outboxMetrics(this)
  }

  /** Entries that were found damaged at the start; they are dead letters. */
  get damaged(): number {
    return this.#damaged
  }

  /** Reads what is on the disk, then begins to send. */
  async open(): Promise<void> {
    while (this.#scan()) await new Promise(resolve => setImmediate(resolve))
    this.#missing(this.#scanned + 1, this.backlog.newest)
    this.#scanned = this.backlog.newest
    await this.quota.look()
    this.progress.touch()
    this.#tick = setInterval(() => void this.#keepWithin(), tickMs)
    this.#tick.unref()
    for (const lane of this.lanes) lane.start()
    this.#limit()
    this.#looking = this.#findDamage()
  }

  /** Resolves with the alert's number when it is on the disk. Rejects as `environment.commit` does. */
  async accept(document: Document): Promise<number> {
    const [sequence = 0] = await this.environment.commit([acceptOperation(document)])
    this.added(sequence)
    return sequence
  }

  /** Goes to the disk with the next progress, and is sent. */
  add(operation: Operation): void {
    this.#told.push(operation)
    this.progress.touch()
  }

  /** The alert with this number is on the disk, put there by somebody else's transaction. */
  added(sequence: number): void {
    if (this.#closed || sequence <= this.#scanned) return
    this.#intake ??= setImmediate(() => {
      this.#intake = undefined
      this.#takeIn()
    })
  }

  /**
   * Sends what the sinks take within `ms`, then closes them; the rest is for the next run. `hurry`
   * waits for no sink any more: what is settled goes to the disk, and that is all.
   */
  async close(ms: number, hurry?: AbortSignal): Promise<void> {
    if (this.#closed) return
    this.#takeIn()
    this.#closed = true
    await this.#looking
    clearImmediate(this.#intake)
    clearInterval(this.#tick)
    const deadline = performance.now() + ms
    const hurried = aborted(hurry)
    const { lanes } = this
    await within(Promise.race([Promise.all(lanes.map(lane => lane.stop())), hurried]), ms)
    for (const lane of lanes) lane.abandon()
    const { log } = this.#options
    const left = Math.max(500, deadline - performance.now())
    const closed = lanes.map(lane => closeLane(lane, { log, ms: left }))
    await Promise.race([Promise.all(closed), hurried])
    await this.progress.flush()
  }

  #takeIn(): void {
    while (this.#scan());
    for (const lane of this.lanes) lane.wake()
    this.#limit()
  }

  /** Counts a page of alerts that are new on the disk; false when there are no more. */
  #scan(): boolean {
    const after = sequenceKey(this.#scanned)
    const end = sequenceKey(newestAlert(this.environment) + 1)
    const page = this.environment.scan('alerts', { after, end, limit: scanPage }, longestHead)
    for (const { key, head, bytes } of page) {
      const sequence = keySequence(key)
      if (!Number.isSafeInteger(sequence)) continue
      this.#missing(this.#scanned + 1, sequence - 1)
      const needing = this.#stores.filter(store => !store.isDone(sequence))
      this.backlog.add(sequence, bytes, entryHead(head).level, needing.length)
      for (const store of needing) store.arrived(sequence)
      if (needing.length === 0) this.progress.touch()
      this.#scanned = sequence
    }
    return page.length === scanPage
  }

  /** Numbers without an alert: done with, or lost by the disk. */
  #missing(first: number, last: number): void {
    for (let sequence = first; sequence <= last; sequence++) {
      this.backlog.newest = sequence
      for (const store of this.#stores) {
        if (store.isDone(sequence)) continue
        store.drop('missing', { sequence, level: 3, rule: '' })
      }
    }
  }

  async #findDamage(): Promise<void> {
    const { log } = this.#options
    const range = { last: this.backlog.newest, isOver: () => this.#closed }
    this.#damaged = await findDamage(this.environment, this.#stores, range)
    if (this.#damaged > 0) {
      log.error(`${this.#damaged} waiting alerts were damaged on the disk: they are dead letters`)
    }
  }

  async #keepWithin(): Promise<void> {
    await this.quota.look()
    if (!this.#closed) this.#takeIn()
  }

  #limit(): void {
    if (!this.#closed && this.quota.enforce()) setImmediate(() => this.#limit())
  }

  /** A sink is back: what it will never get is an alert of its own. */
  #tell(sink: string): void {
    const facts = this.ledger.report(sink)
    const document = facts && this.#options.lossAlert?.(facts)
    if (document === undefined) return
    this.add(acceptOperation(document))
  }

  #collect(): Operation[] {
    const told = this.#told
    this.#told = []
    return [
      ...told,
      ...this.#stores.flatMap(store => store.operations()),
      ...this.ledger.operations(),
    ]
  }
}
