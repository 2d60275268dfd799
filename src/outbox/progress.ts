import { sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'

export interface ProgressOptions {
  readonly environment: Environment
  /** All that has changed in memory since it was last asked, as one transaction. */
  readonly collect: () => Operation[]
  /** Numbers of alerts drawn by the appends of a transaction. */
  readonly onAppended: (sequences: readonly number[]) => void
}

/**
 * Brings what the sinks are done with to the disk: one transaction after the other, each with all
 * that came together meanwhile. Until then a crash means that some alerts are sent twice.
 */
export class Progress {
  readonly #options: ProgressOptions
  #refused: readonly Operation[] = []
  #dirty = false
  #running: Promise<void> | undefined
  #errors = 0
  #commits = 0

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  get counts(): { readonly commits: number; readonly errors: number } {
    return { commits: this.#commits, errors: this.#errors }
  }

  /** Something has changed. */
  touch(): void {
    this.#dirty = true
    this.#running ??= this.#run()
  }

  /** Resolves when all that has changed is on the disk, or was refused. */
  async flush(): Promise<void> {
    if (this.#dirty || this.#refused.length > 0) this.touch()
    await this.#options.environment.flush()
    await this.#running
  }

  async #run(): Promise<void> {
    // What changes in this turn of the event loop goes together.
    await new Promise(resolve => setImmediate(resolve))
    try {
      while (this.#dirty) {
        this.#dirty = false
        if (!(await this.#commit([...this.#refused, ...this.#options.collect()]))) return
      }
    } finally {
      this.#running = undefined
    }
  }

  /** False: refused; it goes with the next change. */
  async #commit(operations: readonly Operation[]): Promise<boolean> {
    if (operations.length === 0) return true
    try {
      const sequences = await this.#options.environment.relieve(operations)
      this.#refused = []
      this.#commits++
      if (sequences.length > 0) this.#options.onAppended(sequences)
      return true
    } catch {
      this.#errors++
      this.#refused = operations
      return false
    }
  }
}

export function removeAlerts(sequences: readonly number[]): Operation[] {
  return sequences.map(sequence => ({
    kind: 'remove',
    table: 'alerts',
    key: sequenceKey(sequence),
  }))
}
