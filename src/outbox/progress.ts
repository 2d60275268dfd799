import { sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'

export interface ProgressOptions {
  readonly environment: Environment
  /** All that the sinks' states have changed since it was last asked, as one transaction. */
  readonly collect: () => Operation[]
  /** Alerts that nobody needs any more, once what `collect` gave before is on the disk. */
  readonly removed: () => readonly number[]
  /** Numbers of alerts drawn by the appends of a transaction. */
  readonly onAppended: (sequences: readonly number[]) => void
}

/** Removals that go together: few enough to find room on a disk that is nearly full. */
const together = 32

/**
 * Brings what the sinks are done with to the disk: one transaction after the other, each with all
 * that came together meanwhile. Until then a crash means that some alerts are sent twice. Removals
 * come after it; one that a crash prevents is made up for at the next start.
 */
export class Progress {
  readonly #options: ProgressOptions
  #refused: readonly Operation[] = []
  #unremoved: readonly number[] = []
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
        if (!(await this.#commit())) return
      }
    } finally {
      this.#running = undefined
    }
  }

  /** False: refused; it goes with the next change. */
  async #commit(): Promise<boolean> {
    const state = [...this.#refused, ...this.#options.collect()]
    const removed = [...this.#unremoved, ...this.#options.removed()]
    this.#refused = []
    this.#unremoved = []
    // In this order, so that none is removed before its sinks are known to be done with it.
    const stated = state.length === 0 || (await this.#write(state))
    if (!stated) {
      this.#refused = state
      this.#unremoved = removed
      return false
    }
    const parts: number[][] = []
    for (let start = 0; start < removed.length; start += together) {
      parts.push(removed.slice(start, start + together))
    }
    const done = await Promise.all(parts.map(part => this.#write(removeAlerts(part))))
    this.#unremoved = parts.filter((_, index) => !done[index]).flat()
    return this.#unremoved.length === 0
  }

  async #write(operations: readonly Operation[]): Promise<boolean> {
    try {
      const sequences = await this.#options.environment.relieve(operations)
      this.#commits++
      if (sequences.length > 0) this.#options.onAppended(sequences)
      return true
    } catch {
      this.#errors++
      return false
    }
  }
}

function removeAlerts(sequences: readonly number[]): Operation[] {
  return sequences.map(sequence => ({
    kind: 'remove',
    table: 'alerts',
    key: sequenceKey(sequence),
  }))
}
