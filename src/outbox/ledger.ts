import { type Document, type Level, levels } from '../alerts/alert.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { when } from './dead-letter.ts'

/**
 * `quota`: the queue was full. `max_age`: too old for the sink. `missing`: the disk lost it.
 * `dead_letters`: there were too many of them, or it was one for too long. `operator`: by command.
 */
export type LossReason = 'quota' | 'max_age' | 'missing' | 'dead_letters' | 'operator'

/** Alerts of one rule that one sink will never get for one reason. */
export interface Loss {
  readonly sink: string
  readonly reason: LossReason
  readonly level: Level
  readonly rule: string
  count: number
  /** How many of them an alert has told of. */
  reported: number
  firstSequence: number
  lastSequence: number
  /** When the first and the last were given up, ISO 8601. */
  first: string
  last: string
}

/** Rules that are told apart for one sink; the rest is under one name. */
const mostRows = 512
const otherRules = '*'

/** Every alert that was given up, by sink, reason, level and rule; durable with the giving up. */
export class Ledger {
  readonly #rows = new Map<string, Loss>()
  readonly #changed = new Set<string>()

  constructor(environment: Environment) {
    for (const loss of readLedger(environment)) this.#rows.set(keyOf(loss), loss)
  }

  get losses(): readonly Loss[] {
    return [...this.#rows.values()]
  }

  drop(sink: string, reason: LossReason, lost: { sequence: number; level: number; rule: string }) {
    const now = when(Date.now())
    const row = this.#row(sink, reason, levels[lost.level] ?? 'high', lost.rule, now)
    row.count++
    row.firstSequence = Math.min(row.firstSequence, lost.sequence)
    row.lastSequence = Math.max(row.lastSequence, lost.sequence)
    row.last = now
    this.#changed.add(keyOf(row))
  }

  /** What no alert has told yet of a sink's losses; it counts as told. By command is no news. */
  report(sink: string): Document | undefined {
    const rows = this.losses.filter(row => row.sink === sink && row.count > row.reported)
    const news = rows.filter(row => row.reason !== 'operator')
    if (news.length === 0) return undefined
    const facts = describe(sink, news)
    for (const row of rows) {
      row.reported = row.count
      this.#changed.add(keyOf(row))
    }
    return facts
  }

  operations(): Operation[] {
    const operations: Operation[] = []
    for (const key of this.#changed) {
      const value = JSON.stringify(this.#rows.get(key))
      operations.push({ kind: 'put', table: 'ledger', key, value })
    }
    this.#changed.clear()
    return operations
  }

  #row(sink: string, reason: LossReason, level: Level, rule: string, now: string): Loss {
    const known = this.#rows.get(keyOf({ sink, reason, level, rule }))
    if (known !== undefined) return known
    const name = this.#rows.size < mostRows ? rule : otherRules
    const fresh = { sink, reason, level, rule: name, count: 0, reported: 0, first: now, last: now }
    const key = keyOf(fresh)
    const row = this.#rows.get(key) ?? {
      ...fresh,
      firstSequence: Number.POSITIVE_INFINITY,
      lastSequence: 0,
    }
    this.#rows.set(key, row)
    return row
  }
}

/** The ledger as it is on the disk. */
export function readLedger(environment: Environment): Loss[] {
  return environment.page('ledger', { limit: 100_000 }).flatMap(({ value }) => {
    try {
      return value === undefined ? [] : [JSON.parse(value.toString()) as Loss]
    } catch {
      return []
    }
  })
}

function keyOf({ sink, reason, level, rule }: Pick<Loss, 'sink' | 'reason' | 'level' | 'rule'>) {
  return `${sink}\0${reason}\0${level}\0${rule}`
}

function describe(sink: string, rows: readonly Loss[]): Document {
  const by = (word: (row: Loss) => string) => {
    const sums: Record<string, number> = {}
    for (const row of rows) sums[word(row)] = (sums[word(row)] ?? 0) + row.count - row.reported
    return sums
  }
  const total = rows.reduce((sum, row) => sum + row.count - row.reported, 0)
  const worst = rows.toSorted((a, b) => b.count - b.reported - (a.count - a.reported))
  return {
    sink,
    lost: total,
    by_level: by(row => row.level),
    by_reason: by(row => row.reason),
    rules: worst.slice(0, 10).map(row => ({ id: row.rule, lost: row.count - row.reported })),
    first_sequence: Math.min(...rows.map(row => row.firstSequence)),
    last_sequence: Math.max(...rows.map(row => row.lastSequence)),
    first: rows.map(row => row.first).sort()[0] ?? '',
    last:
      rows
        .map(row => row.last)
        .sort()
        .at(-1) ?? '',
  }
}
