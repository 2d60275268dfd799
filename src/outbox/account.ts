/** What became of the alerts of one sink; every number is durable and only `pending` is derived. */
export interface Account {
  /** Alerts with a number up to this one were never for this sink. */
  readonly base: number
  delivered: number
  /** In the dead letters. */
  dead: number
  /** Given up; the loss ledger says which. */
  dropped: number
  /** Not wanted: the sink's `when`, or replayed for another sink. */
  filtered: number
  /** Dead letters that were put into the queue once more. */
  replayed: number
}

export type Fate = 'delivered' | 'dead' | 'dropped' | 'filtered'

/** What is stored of a sink in the table `lanes`, beside its bitmaps in `acked`. */
export interface LaneRecord extends Account {
  readonly cursor: number
  /** Failures in a row, and when the sink may be asked again, ms since the Unix epoch. */
  readonly failures: number
  readonly nextAt: number
  readonly lastSuccess: number
  readonly lastError: string
  /** Since when it says that it never will, ms since the Unix epoch; 0 when it does not. */
  readonly refusedSince: number
}

/** A new sink begins after the alert `cursor`; `dead` letters may be left of a former one. */
export function newRecord(cursor: number, dead = 0): LaneRecord {
  const counts = { delivered: 0, dead, dropped: 0, filtered: 0, replayed: 0 }
  const circuit = { failures: 0, nextAt: 0, lastSuccess: 0, lastError: '', refusedSince: 0 }
  return { base: cursor - dead, cursor, ...counts, ...circuit }
}

/** The account alone of what may have more. */
export function accountOf(record: Account): Account {
  const { base, delivered, dead, dropped, filtered, replayed } = record
  return { base, delivered, dead, dropped, filtered, replayed }
}

/** A stored record; undefined when it is not one. */
export function readRecord(value: Buffer | undefined): LaneRecord | undefined {
  if (value === undefined) return undefined
  try {
    const stored = JSON.parse(value.toString()) as LaneRecord
    const record = { ...newRecord(0), ...stored }
    const numbers = [record.base, record.cursor, record.delivered, record.dead, record.dropped]
    return numbers.every(Number.isSafeInteger) ? record : undefined
  } catch {
    return undefined
  }
}

/** Alerts that the sink is done with, whatever became of them. */
export function settled(account: Account): number {
  const { delivered, dead, dropped, filtered, replayed } = account
  return delivered + dead + dropped + filtered + replayed
}
