import { type Aggregate, type Entry } from './aggregate.ts'

/** An entry as it is exported: its time, the event that brought it, what it brought. */
export type WindowRecord = readonly [time: number, sequence: number, entry: Entry | null]

/**
 * The entries of the last `span` µs of event time, oldest first, over one aggregate. The window ends
 * with the latest entry and slides with every one.
 */
export class SlidingWindow {
  readonly #span: number
  readonly #limit: number
  readonly #aggregate: Aggregate
  #entries: WindowRecord[] = []
  #head = 0

  constructor(span: number, limit: number, aggregate: Aggregate) {
    this.#span = span
    this.#limit = limit
    this.#aggregate = aggregate
  }

  get result(): number {
    return this.#aggregate.result
  }

  get size(): number {
    return this.#entries.length - this.#head
  }

  /** Time of the oldest and latest entries; NaN without any. */
  get first(): number {
    return this.#entries[this.#head]?.[0] ?? Number.NaN
  }

  get last(): number {
    return this.#entries.at(-1)?.[0] ?? Number.NaN
  }

  /**
   * Puts an entry where its time belongs. `late` when that is before the window, `twice` when the
   * event of that number brought one already, `cut` when the oldest had to go for it.
   */
  add(time: number, sequence: number, entry: Entry): 'added' | 'late' | 'twice' | 'cut' {
    if (this.last - time > this.#span) return 'late'
    if (this.#entries.at(-1)?.[1] === sequence && this.size > 0) return 'twice'
    let at = this.#entries.length
    while (at > this.#head && (this.#entries[at - 1]?.[0] ?? 0) > time) at--
    const record: WindowRecord = [time, sequence, entry ?? null]
    if (at === this.#entries.length) this.#entries.push(record)
    else this.#entries.splice(at, 0, record)
    this.#aggregate.add(entry)
    this.#expire()
    if (this.size <= this.#limit) return 'added'
    this.#drop()
    return 'cut'
  }

  export(): WindowRecord[] {
    return this.#entries.slice(this.#head)
  }

  #expire(): void {
    const oldest = this.last - this.#span
    while (this.size > 0 && this.first < oldest) this.#drop()
    if (this.#head > 64 && this.#head > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  #drop(): void {
    const gone = this.#entries[this.#head]
    this.#head++
    if (gone !== undefined) this.#aggregate.remove(gone[2] ?? undefined)
  }
}
