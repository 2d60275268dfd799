import { SensorError } from '../errors.ts'
import { type Fault, WriteFault } from './fault.ts'
import { type Operation, operationBytes } from './operation.ts'
import { Pause } from './pause.ts'

/**
 * A transaction that nobody waits for waits for the first of these, so that many changes share one
 * wait for the disk; the time counts from the beginning of the last one, so that a change after a
 * quiet time is not held up. One with an alert begins as soon as the disk has done the one before:
 * what comes meanwhile is company enough.
 */
const group = { operations: 256, bytes: 256 * 1024, ms: 10 }
/** Most that one transaction takes when the disk has fallen behind. */
const largest = { operations: 4096, bytes: 4 * 1024 * 1024 }
/** Commits in one transaction while the disk is full or was lately: room comes in small pieces. */
const cautious = { commits: 8, transactions: 32 }
/** A full disk is looked at again so soon, in ms: within 5 s of room everything goes on. */
const fullPause = 1000
/** Most that waits in memory; what comes beyond is refused. */
const waitingLimit = { operations: 65_536, bytes: 32 * 1024 * 1024 }

export interface GroupOptions {
  /** One transaction. Rejects with a WriteFault when nothing of it was written. */
  readonly write: (commits: readonly (readonly Operation[])[]) => Promise<Sequences>
  /** Called when writing fails and, with undefined, when it works again. */
  readonly onFault: (fault: Fault | undefined) => void
  readonly retryMs: number
}

type Sequences = readonly (readonly number[])[]

interface Waiting {
  readonly operations: readonly Operation[]
  readonly bytes: number
  /** Makes room: goes first when the disk is full. */
  readonly urgent: boolean
  /** Somebody waits for it to be told. */
  readonly hasAlert: boolean
  readonly resolve: (sequences: readonly number[]) => void
  readonly reject: (error: unknown) => void
}

/** Groups commits into transactions, in order; a transaction that the disk refuses is tried again. */
export class GroupCommit {
  readonly #options: GroupOptions
  readonly #waiting: Waiting[] = []
  #operations = 0
  #bytes = 0
  #refused = 0
  #cautious = 0
  #timer: NodeJS.Timeout | undefined
  #begun = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #closing = false
  /** Monotonic ms from which nothing is tried again that the disk refuses. */
  #patience = Number.POSITIVE_INFINITY
  readonly #pause = new Pause()

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** Operations that wait, and commits refused because too many did. */
  get load(): { readonly waiting: number; readonly refused: number } {
    return { waiting: this.#operations, refused: this.#refused }
  }

  /**
   * Resolves with the sequence numbers of its appends once all of `operations` is on the disk.
   * Rejects with STATE_BUSY when too much waits, STATE_UNUSABLE when it can never be written. What
   * is `urgent` makes room: it is not refused for want of it, and goes first when the disk is full.
   */
  commit(operations: readonly Operation[], urgent = false): Promise<readonly number[]> {
    const bytes = operations.reduce((sum, operation) => sum + operationBytes(operation), 0)
    if (this.#closing || (this.#isFull() && !urgent)) return this.#refuse()
    return new Promise((resolve, reject) => {
      const hasAlert = operations.some(({ kind }) => kind === 'append')
      this.#waiting.push({ operations, bytes, urgent, hasAlert, resolve, reject })
      this.#operations += operations.length
      this.#bytes += bytes
      this.#schedule()
      if (urgent) this.#pause.cut()
    })
  }

  /** Writes what waits at once; resolves when all of it is written or given up. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running !== undefined) {
      this.#start()
      await this.#running
    }
  }

  /** What the disk refuses for `ms` more is given up, and what comes after that at once. */
  end(ms: number): void {
    this.#patience = Math.min(this.#patience, performance.now() + ms)
    this.#pause.cut()
  }

  /** One last attempt for what waits, then the rest is rejected. */
  async close(): Promise<void> {
    this.#closing = true
    this.end(0)
    await this.flush()
  }

  get #isOver(): boolean {
    return performance.now() >= this.#patience
  }

  #isFull(): boolean {
    return this.#operations >= waitingLimit.operations || this.#bytes >= waitingLimit.bytes
  }

  #refuse(): Promise<never> {
    this.#refused++
    const why = this.#closing ? 'the memory is closed' : 'too many changes wait for the disk'
    return Promise.reject(new SensorError('STATE_BUSY', why))
  }

  #schedule(): void {
    if (this.#running !== undefined) return
    if (this.#isDue()) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), this.#begun + group.ms - performance.now())
  }

  /** What waits is not to wait for company. */
  #isDue(): boolean {
    if (this.#operations >= group.operations || this.#bytes >= group.bytes) return true
    return this.#waiting.some(one => one.hasAlert)
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined
      // One that came after the last look found somebody at work and left the waking to him.
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  async #drain(): Promise<void> {
    do {
      this.#begun = performance.now()
      if (this.#waiting.length > 0) await this.#write(this.#take())
    } while (this.#isDue())
  }

  #take(): Waiting[] {
    let count = 0
    let operations = 0
    let bytes = 0
    for (const one of this.#waiting) {
      operations += one.operations.length
      bytes += one.bytes
      if (count > 0 && (operations > largest.operations || bytes > largest.bytes)) break
      count++
    }
    if (this.#cautious > 0) {
      this.#cautious--
      count = Math.min(count, cautious.commits)
    }
    return this.#waiting.splice(0, count)
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    let rest = batch
    let error = await this.#attempt(rest)
    if (error === undefined) return
    while (error !== undefined) {
      const fault = error instanceof WriteFault ? error.fault : 'io_error'
      if (fault === 'refused') return this.#divide(rest, error)
      this.#options.onFault(fault)
      rest = await this.#lessOf(rest, fault, error)
      if (this.#isOver && rest.length === 0) return
      error = rest.length === 0 ? undefined : await this.#attempt(rest)
    }
    this.#options.onFault(undefined)
  }

  /** What is left to be tried of a batch that failed, after the pause that this takes. */
  async #lessOf(
    batch: readonly Waiting[],
    fault: Fault,
    error: unknown,
  ): Promise<readonly Waiting[]> {
    const [made, rest] = await this.#makeRoom(batch)
    if (this.#isOver) {
      this.#giveUp(rest, error)
      return []
    }
    if (!made) await this.#wait(fault)
    if (fault !== 'disk_full') return rest
    this.#cautious = cautious.transactions
    this.#waiting.unshift(...rest.slice(cautious.commits))
    return rest.slice(0, cautious.commits)
  }

  /**
   * Writes what is urgent by itself, in order: a full disk still takes small changes that give
   * something back. Whether any was written, and what is left of `batch` and of the urgent.
   */
  async #makeRoom(batch: readonly Waiting[]): Promise<[boolean, readonly Waiting[]]> {
    const isUrgent = (one: Waiting) => one.urgent
    const urgent = [...batch.filter(isUrgent), ...this.#waiting.filter(isUrgent)]
    const kept = this.#waiting.filter(one => !one.urgent)
    this.#waiting.splice(0, this.#waiting.length, ...kept)
    let written = 0
    for (const one of urgent) {
      if ((await this.#attempt([one])) !== undefined) break
      written++
    }
    const others = batch.filter(one => !one.urgent)
    return [written > 0, [...urgent.slice(written), ...others]]
  }

  /** Undefined when `batch` is on the disk, else why not. */
  async #attempt(batch: readonly Waiting[]): Promise<unknown> {
    try {
      const sequences = await this.#options.write(batch.map(one => one.operations))
      this.#release(batch)
      batch.forEach((one, index) => {
        one.resolve(sequences[index] ?? [])
      })
      return undefined
    } catch (error) {
      return error ?? new Error('no reason given')
    }
  }

  /** One commit that can never be written must not take the others of its transaction with it. */
  async #divide(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1) this.#giveUp(batch, error)
    else for (const one of batch) await this.#write([one])
  }

  #giveUp(batch: readonly Waiting[], cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause)
    this.#release(batch)
    for (const { reject } of batch) {
      reject(new SensorError('STATE_UNUSABLE', `cannot write the memory: ${why}`, { cause }))
    }
  }

  #release(batch: readonly Waiting[]): void {
    for (const { operations, bytes } of batch) {
      this.#operations -= operations.length
      this.#bytes -= bytes
    }
  }

  #wait(fault: Fault): Promise<void> {
    const { retryMs } = this.#options
    const usual = fault === 'disk_full' ? Math.min(retryMs, fullPause) : retryMs
    return this.#pause.wait(Math.min(usual, this.#patience - performance.now()))
  }
}
