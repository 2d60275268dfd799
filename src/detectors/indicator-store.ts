import { statSync } from 'node:fs'
import { schedule } from 'node-cron'
import { type Fault, faultLine } from '../config/fault.ts'
import { type Log } from '../operate/log.ts'
import { type IndicatorIndex } from './indicator-index.ts'
import {
  type ListsOptions,
  type Loaded,
  listsOf,
  loadLists,
  loadListsSlowly,
} from './indicator-lists.ts'

export interface StoreOptions extends ListsOptions {
  /** When files are looked at and URLs are fetched, as cron writes it; undefined: never. */
  readonly refresh: string | undefined
  readonly log: Log
}

/** Less than this share of what there was is no update but an accident. */
const leastShare = 0.5

/** The lists as they are now: read at once, then again when they have changed. */
export class IndicatorStore {
  readonly #options: StoreOptions
  readonly #task: { destroy(): unknown } | undefined
  #loaded: Loaded
  #stamp: string
  #running: Promise<void> | undefined
  #closed = false

  constructor(options: StoreOptions) {
    this.#options = options
    this.#stamp = this.#stampNow()
    this.#loaded = loadLists(options)
    this.#tell(this.#loaded.faults)
    const { refresh, sources } = options
    if (refresh === undefined || sources.length === 0) return
    this.#task = schedule(refresh, () => this.refresh(), { noOverlap: true })
    void this.refresh()
  }

  get index(): IndicatorIndex {
    return this.#loaded.index
  }

  get refused(): number {
    return this.#loaded.refused
  }

  /** What the source of this number is called. */
  name(source: number): string {
    return this.#loaded.lists[source]?.name ?? ''
  }

  /** Fetches URLs and reads what has changed; never rejects. */
  refresh(): Promise<void> {
    this.#running ??= this.#refresh().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#task?.destroy()
    await this.#running
  }

  async #refresh(): Promise<void> {
    for (const list of listsOf(this.#options)) {
      if (!list.isRemote || this.#closed) continue
      // Loaded with the first URL: who has none does not pay for the client.
      const { fetchList } = await import('./indicator-fetch.ts')
      await fetchList(list).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        this.#options.log.warn(`indicators of ${list.name} stay as they were: ${reason}`)
      })
    }
    const stamp = this.#stampNow()
    if (stamp === this.#stamp || this.#closed) return
    this.#stamp = stamp
    const next = await loadListsSlowly(this.#options)
    this.#take(next)
  }

  #take(next: Loaded): void {
    const { log } = this.#options
    this.#tell(next.faults)
    const [before, now] = [this.#loaded.index.size, next.index.size]
    if (now < before * leastShare) {
      log.error(`the lists have ${now} indicators, before ${before}: the old ones stay`)
      return
    }
    this.#loaded = next
    log.info(`${now} indicators, before ${before}`)
  }

  #tell(faults: readonly Fault[]): void {
    for (const fault of faults) this.#options.log.warn(faultLine(fault))
  }

  /** Changes when a file does. */
  #stampNow(): string {
    return listsOf(this.#options)
      .map(({ path }) => statSync(path, { throwIfNoEntry: false }))
      .map(found => (found === undefined ? '-' : `${found.mtimeMs} ${found.size} ${found.ino}`))
      .join('\n')
  }
}
