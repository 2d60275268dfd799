import { type Environment } from './environment.ts'
import { type Operation, operationBytes } from './operation.ts'

export interface JournalOptions {
  readonly environment: Pick<Environment, 'commit'>
  /** Appends are on the disk, under these numbers. */
  readonly onAppended: (sequences: readonly number[]) => void
  /** What one turn wanted to change could not be kept: nothing of it is on the disk, nor will it be. */
  readonly onLost: (operations: readonly Operation[], error: unknown) => void
  /** Most changes that wait while the disk takes none; a turn beyond is lost as a whole. */
  readonly limit?: number
  /** Most bytes that they may have together; a turn beyond is lost in the same way. */
  readonly bytes?: number
}

/** Beyond so many changes a turn is divided, between two events. */
const largest = 1024
const waitingLimit = 262_144
const waitingBytes = 128 * 1024 * 1024

/**
 * What the events of one turn change in the memory, and the alerts that come of them: one
 * transaction, so that nothing is learnt without its alert, nor alerted without being learnt. Turns
 * become durable in order; those that come while one is written go together in the next.
 */
export class Journal {
  readonly #options: JournalOptions
  #turn: Operation[] = []
  #waiting: Operation[] = []
  #inFlight = 0
  /** Of all that waits, the turn at hand and what is being written included. */
  #bytes = 0
  #scheduled = false
  #running: Promise<void> | undefined

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** Changes that are not on the disk yet. */
  get waiting(): number {
    return this.#turn.length + this.#waiting.length + this.#inFlight
  }

  /** Adds a change to the turn at hand, which is written when it is over. */
  add(operation: Operation): void {
    this.#turn.push(operation)
    this.#bytes += operationBytes(operation)
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#close()
    })
  }

  /** An event is over: what it changed is whole, so a large turn may be divided here. */
  mark(): void {
    if (this.#turn.length >= largest) this.#close()
  }

  /** Resolves when all that was added so far is on the disk, or lost and told to `onLost`. */
  async flush(): Promise<void> {
    this.#close()
    await this.#running
  }

  /** As `flush`, but the turn at hand goes on to its own end. */
  async settled(): Promise<void> {
    await Promise.resolve()
    await this.#running
  }

  #close(): void {
    const turn = this.#turn
    if (turn.length === 0) return
    this.#turn = []
    const { limit = waitingLimit, bytes = waitingBytes, onLost } = this.#options
    const waiting = this.#waiting.length + this.#inFlight + turn.length
    if (waiting > limit || this.#bytes > bytes) {
      const text = `${waiting} changes of ${this.#bytes} bytes would wait for the disk`
      this.#bytes -= bytesOf(turn)
      onLost(turn, new Error(text))
      return
    }
    this.#waiting = this.#waiting.length === 0 ? turn : this.#waiting.concat(turn)
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined
    })
  }

  async #write(): Promise<void> {
    const { environment, onAppended, onLost } = this.#options
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      this.#inFlight = batch.length
      try {
        const sequences = await environment.commit(batch)
        if (sequences.length > 0) onAppended(sequences)
      } catch (error) {
        onLost(batch, error)
      }
      this.#inFlight = 0
      this.#bytes -= bytesOf(batch)
    }
  }
}

function bytesOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, operation) => sum + operationBytes(operation), 0)
}
