import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Entry } from '../storage/store.ts'
import { buryDamaged } from './damage.ts'
import { entryHead } from './entry.ts'
import { queuedAlert } from './queued.ts'
import { isFor, type When } from './route.ts'
import { type LaneStore } from './store.ts'
import { type Window } from './window.ts'

const pageSize = 256
const pagesAtOnce = 4

export interface LoaderOptions {
  readonly name: string
  readonly environment: Environment
  readonly store: LaneStore
  readonly window: Window
  readonly when: When | undefined
  /** Alerts older than so many ms are given up; 0 for none. */
  readonly maxAge: number
  /** Sent already, with nobody to say that it came. */
  readonly isUnsure: (sequence: number) => boolean
}

/** Brings the alerts that one sink still wants from the disk into its window, in order. */
export class Loader {
  readonly #options: LoaderOptions
  /** All up to this number is in the window or not to be sent. */
  #position: number

  constructor(options: LoaderOptions) {
    this.#options = options
    this.#position = options.store.cursor
  }

  /** Reads again what comes after `sequence`. */
  rewind(sequence: number): void {
    this.#position = Math.min(this.#position, sequence)
  }

  /** True when there may be more on the disk, and room for it. */
  fill(most: { readonly alerts: number; readonly bytes: number }): boolean {
    const { environment, window, store } = this.#options
    const full = () => window.size >= most.alerts || window.bytes >= most.bytes
    this.#position = Math.max(this.#position, store.cursor)
    for (let pages = 0; pages < pagesAtOnce; pages++) {
      if (full()) return false
      const after = sequenceKey(this.#position)
      const limit = Math.min(pageSize, most.alerts)
      const page = environment.page('alerts', { after, limit })
      for (const entry of page) {
        // What the outbox has not counted yet comes with its next wake.
        if (full() || keySequence(entry.key) > store.newest) return false
        this.#take(entry)
      }
      if (page.length < limit) return false
    }
    return !full()
  }

  /** Gives an alert up for want of room; one that was never for this sink is no loss. */
  drop(sequence: number): boolean {
    const { environment, store } = this.#options
    const start = sequenceKey(sequence)
    const [entry] = environment.page('alerts', { start, limit: 1 })
    const value = entry?.key.equals(start) ? entry.value : undefined
    const alert = queuedAlert(sequence, value)
    if (alert !== undefined && !isFor(this.#options, alert)) {
      store.settle(sequence, 'filtered')
      return false
    }
    const { level, rule } = entryHead(value ?? Buffer.alloc(0))
    return store.drop('quota', { sequence, level, rule })
  }

  #take(entry: Entry): void {
    const { environment, store, window, isUnsure } = this.#options
    const sequence = keySequence(entry.key)
    this.#position = sequence
    if (store.isDone(sequence) || isUnsure(sequence) || window.get(sequence)) return
    const alert = queuedAlert(sequence, entry.value)
    if (alert === undefined || entry.value === undefined) {
      buryDamaged(environment, store, sequence)
      return
    }
    const { level, rule } = entryHead(entry.value)
    if (!isFor(this.#options, alert)) store.settle(sequence, 'filtered')
    else if (this.#isTooOld(alert.acceptedAt)) store.drop('max_age', { sequence, level, rule })
    else window.add(alert, entry.value.length)
  }

  #isTooOld(acceptedAt: number): boolean {
    const { maxAge } = this.#options
    return maxAge > 0 && acceptedAt > 0 && Date.now() - acceptedAt > maxAge
  }
}
