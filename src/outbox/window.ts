import { type Alert } from './queued.ts'

/** An alert in memory. */
export interface Held {
  readonly alert: Alert
  /** Bytes of the stored entry. */
  readonly bytes: number
  busy: boolean
  /** Times that it was sent, in any company. */
  attempts: number
  firstAttempt: number
  /** Times that it failed alone. */
  alone: number
  /** Times that it failed alone although others had gone through since the time before. */
  strikes: number
  /** Count of the sink's successes when it last failed alone. */
  successes: number
  /** Monotonic ms before which it is not tried again. */
  notBefore: number
}

/** An alert that failed alone so often no longer holds up the others of its key. */
const holdsKey = 4

export interface Pick {
  readonly alerts: number
  readonly bytes: number
  /** Monotonic ms. */
  readonly now: number
  /** Something is wrong: take the alert that has failed least, to see whether another gets through. */
  readonly probe: boolean
}

/** The alerts of one sink that are in memory, in order of their numbers. */
export class Window {
  readonly #held = new Map<number, Held>()
  #bytes = 0
  #busyBytes = 0

  get size(): number {
    return this.#held.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get busyBytes(): number {
    return this.#busyBytes
  }

  get(sequence: number): Held | undefined {
    return this.#held.get(sequence)
  }

  /** Numbers grow, but for critical ones that are to go before their turn. */
  add(alert: Alert, bytes: number): void {
    const fresh = { busy: false, attempts: 0, firstAttempt: 0, alone: 0, strikes: 0 }
    this.#held.set(alert.sequence, { alert, bytes, ...fresh, successes: 0, notBefore: 0 })
    this.#bytes += bytes
  }

  remove(sequence: number): void {
    const held = this.#held.get(sequence)
    if (held === undefined) return
    this.release([held])
    this.#bytes -= held.bytes
    this.#held.delete(sequence)
  }

  /** It goes out in `ms` ms, as if it had not been picked yet. */
  postpone(sequence: number, ms: number): void {
    const held = this.#held.get(sequence)
    if (held === undefined) return
    held.attempts--
    if (held.attempts === 0) held.firstAttempt = 0
    held.notBefore = performance.now() + ms
  }

  /** Forgets all that is not under way. */
  clear(): void {
    for (const [sequence, { busy }] of this.#held) if (!busy) this.remove(sequence)
  }

  /** No longer under way. */
  release(batch: readonly Held[]): void {
    for (const one of batch) {
      if (one.busy) this.#busyBytes -= one.bytes
      one.busy = false
    }
  }

  /**
   * The next batch, marked as busy: in order, and nothing whose key has an earlier alert under way
   * or waiting. What has failed alone goes alone.
   */
  pick(want: Pick): Held[] {
    const ready = this.#ready(want.now)
    const batch = want.probe ? probe(ready) : together(ready, want)
    for (const one of batch) {
      one.busy = true
      this.#busyBytes += one.bytes
    }
    return batch
  }

  /** ms until something that waits by itself is due; undefined when nothing does. */
  nextDue(now: number): number | undefined {
    let due: number | undefined
    for (const { busy, notBefore } of this.#held.values()) {
      if (busy || notBefore <= now) continue
      due = Math.min(due ?? Number.POSITIVE_INFINITY, notBefore - now)
    }
    return due
  }

  *#ready(now: number): Generator<Held> {
    const all = [...this.#held.values()]
    const blocked = new Set(all.filter(one => one.busy).map(one => one.alert.key))
    for (const one of all) {
      if (one.busy || blocked.has(one.alert.key)) continue
      if (one.notBefore <= now) yield one
      if (one.alone > 0 && one.alone < holdsKey) blocked.add(one.alert.key)
    }
  }
}

function probe(ready: Iterable<Held>): Held[] {
  let best: Held | undefined
  for (const one of ready) {
    if (best === undefined || one.alone < best.alone) best = one
    if (best.alone === 0) break
  }
  return best === undefined ? [] : [best]
}

function together(ready: Iterable<Held>, want: Pick): Held[] {
  const batch: Held[] = []
  let bytes = 0
  for (const one of ready) {
    if (one.alone > 0) {
      if (batch.length === 0) return [one]
      continue
    }
    bytes += one.bytes
    if (batch.length > 0 && (batch.length >= want.alerts || bytes > want.bytes)) break
    batch.push(one)
    if (batch.length >= want.alerts) break
  }
  return batch
}
