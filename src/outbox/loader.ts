import { levels } from '../alerts/alert.ts'
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
const critical = levels.indexOf('critical')
/** Room for critical ones beyond what others may have. */
const aheadBytes = 512 * 1024

export interface LoaderOptions {
  readonly name: string
  readonly environment: Environment
  readonly store: LaneStore
  readonly window: Window
  readonly when: When | undefined
  /** Alerts older than so many ms are given up; 0 for none. */
  readonly maxAge: number
  /** Critical alerts are looked for where there is no room for all. */
  readonly criticalFirst: boolean
  /** Sent already, with nobody to say that it came. */
  readonly isUnsure: (sequence: number) => boolean
}

/** What may be in memory. */
interface Room {
  readonly alerts: number
  readonly bytes: number
}

/** Brings the alerts that one sink still wants from the disk into its window, in order. */
export class Loader {
  readonly #options: LoaderOptions
  /** All up to this number is in the window or not to be sent. */
  #position: number
  /** All critical ones up to this number are. */
  #ahead = 0

  constructor(options: LoaderOptions) {
    this.#options = options
    this.#position = options.store.cursor
  }

  /** Reads again what comes after `sequence`. */
  rewind(sequence: number): void {
    this.#position = Math.min(this.#position, sequence)
    this.#ahead = Math.min(this.#ahead, sequence)
  }

  /** True when there may be more on the disk, and room for it. */
  fill(most: Room): boolean {
    return this.#next(most) || (this.#options.criticalFirst && this.#lookAhead(most))
  }

  #next(most: Room): boolean {
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
        this.#position = keySequence(entry.key)
        this.#take(entry)
      }
      if (page.length < limit) return false
    }
    return !full()
  }

  /** The critical ones among those for which there is no room. */
  #lookAhead(most: Room): boolean {
    const { environment, window, store } = this.#options
    const full = () => window.bytes >= most.bytes + aheadBytes
    if (full()) return false
    // What the outbox has not counted yet comes with its next wake.
    const end = sequenceKey(store.newest + 1)
    this.#ahead = Math.max(this.#ahead, this.#position)
    for (let pages = 0; pages < pagesAtOnce; pages++) {
      const after = sequenceKey(this.#ahead)
      const page = environment.page('alerts', { after, end, limit: pageSize })
      for (const entry of page) {
        if (full()) return false
        this.#ahead = keySequence(entry.key)
        if (isCritical(entry)) this.#take(entry)
      }
      if (page.length < pageSize) return false
    }
    return true
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

function isCritical({ value }: Entry): boolean {
  return value !== undefined && entryHead(value).level === critical
}
