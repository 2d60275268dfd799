import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import {
  type Account,
  accountOf,
  type Fate,
  type LaneRecord,
  newRecord,
  readRecord,
  settled,
} from './account.ts'
import { type Backlog } from './backlog.ts'
import {
  type DeadLetter,
  deadKey,
  deadOperation,
  deadSequence,
  readDeadLetter,
} from './dead-letter.ts'
import { DoneSet, keysOf } from './done-set.ts'
import { type Ledger, type LossReason } from './ledger.ts'

export interface LaneStoreParts {
  readonly environment: Environment
  readonly backlog: Backlog
  readonly ledger: Ledger
  /** Something is to be brought to the disk. */
  readonly touch: () => void
}

/** What of the circuit is kept over a restart. */
export interface CircuitRecord {
  readonly failures: number
  readonly nextAt: number
  readonly lastSuccess: number
  readonly lastError: string
  readonly refusedSince: number
}

/** What one sink is done with, in memory and, by `operations`, on the disk. */
export class LaneStore {
  readonly name: string
  readonly #parts: LaneStoreParts
  readonly #account: Account
  readonly #done: DoneSet
  #changed = true
  #dead: Operation[] = []
  readonly #givenUp = new Set<number>()
  #pendingBytes = 0
  #deadBytes = 0
  #circuit: CircuitRecord

  constructor(name: string, parts: LaneStoreParts, base: number) {
    this.name = name
    this.#parts = parts
    const { environment } = parts
    const stored = readRecord(environment.get('lanes', name))
    const letters = environment.scan('dlq', { ...keysOf(name), limit: 1e7 }, 0)
    for (const { bytes } of letters) this.#deadBytes += bytes
    const record = stored ?? newRecord(base, letters.length)
    this.#account = accountOf(record)
    this.#circuit = record
    this.#done = new DoneSet(name, record.cursor)
    for (const { key, value } of environment.page('acked', { ...keysOf(name), limit: 1e6 })) {
      if (value !== undefined) this.#done.restore(key, value)
    }
  }

  get account(): Readonly<Account> {
    return this.#account
  }

  /** How the sink was when this was last told. */
  get known(): CircuitRecord {
    return this.#circuit
  }

  get cursor(): number {
    return this.#done.cursor
  }

  /** The last alert that is counted. */
  get newest(): number {
    return this.#parts.backlog.newest
  }

  get accepted(): number {
    return this.newest - this.#account.base
  }

  get pending(): number {
    return this.accepted - settled(this.#account)
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get deadBytes(): number {
    return this.#deadBytes
  }

  isDone(sequence: number): boolean {
    return this.#done.has(sequence)
  }

  /** An alert has come into the backlog that this sink is not done with. */
  arrived(sequence: number): void {
    this.#pendingBytes += this.#parts.backlog.size(sequence)
  }

  /** False when the sink was done with it before. */
  settle(sequence: number, fate: Fate): boolean {
    const size = this.#parts.backlog.size(sequence)
    if (!this.#done.add(sequence)) return false
    this.#account[fate]++
    if (this.#parts.backlog.has(sequence)) this.#pendingBytes -= size
    this.#parts.backlog.release(sequence)
    this.#touch()
    return true
  }

  drop(reason: LossReason, lost: { sequence: number; level: number; rule: string }): boolean {
    if (!this.settle(lost.sequence, 'dropped')) return false
    this.#parts.ledger.drop(this.name, reason, lost)
    return true
  }

  bury(letter: DeadLetter): void {
    if (!this.settle(letter.sequence, 'dead')) return
    const operation = deadOperation(letter)
    this.#dead.push(operation)
    if (operation.kind === 'put') this.#deadBytes += Buffer.byteLength(operation.value)
  }

  /** Up to `limit` dead letters that are on the disk, oldest first. */
  deadLetters(limit: number): { readonly key: Buffer; readonly bytes: number; at: number }[] {
    const range = { ...keysOf(this.name), limit }
    const page = this.#parts.environment.page('dlq', range)
    if (page.length === 0) return []
    const there = new Set(page.map(({ key }) => deadSequence(key)))
    // Given up, but the disk does not know it yet.
    for (const sequence of this.#givenUp) if (!there.has(sequence)) this.#givenUp.delete(sequence)
    const kept = page.filter(({ key }) => !this.#givenUp.has(deadSequence(key)))
    return kept.map(({ key, value }) => {
      const at = Date.parse(readDeadLetter(value)?.last ?? '')
      return { key, bytes: value?.length ?? 0, at: Number.isNaN(at) ? 0 : at }
    })
  }

  /** Gives a dead letter up for good. */
  dropDead(key: Buffer, bytes: number, reason: LossReason = 'dead_letters'): void {
    const sequence = deadSequence(key)
    const letter = readDeadLetter(this.#parts.environment.get('dlq', key))
    const { level = 3, rule = '' } = letter ?? {}
    this.#account.dropped++
    this.#parts.ledger.drop(this.name, reason, { sequence, level, rule })
    this.#exhume(key, bytes)
  }

  /** Whether a dead letter that the disk still has was given up or replayed. */
  isGone(key: Buffer): boolean {
    return this.#givenUp.has(deadSequence(key))
  }

  /** A dead letter is in the queue once more, under another number. */
  replayed(key: Buffer, bytes: number): void {
    this.#account.replayed++
    this.#exhume(key, bytes)
  }

  #exhume(key: Buffer, bytes: number): void {
    const sequence = deadSequence(key)
    this.#givenUp.add(sequence)
    this.#account.dead--
    this.#deadBytes -= bytes
    this.#dead.push({ kind: 'remove', table: 'dlq', key: deadKey(this.name, sequence) })
    this.#touch()
  }

  circuit(record: CircuitRecord): void {
    this.#circuit = record
    this.#touch()
  }

  /** All that changed since the last call. */
  operations(): Operation[] {
    if (!this.#changed) return []
    this.#changed = false
    const { failures, nextAt, lastSuccess, lastError, refusedSince } = this.#circuit
    const circuit = { failures, nextAt, lastSuccess, lastError, refusedSince }
    const record: LaneRecord = { cursor: this.cursor, ...this.#account, ...circuit }
    const buried = this.#dead
    this.#dead = []
    const value = JSON.stringify(record)
    const put = { kind: 'put', table: 'lanes', key: this.name, value } as const
    return [put, ...this.#done.operations(), ...buried]
  }

  #touch(): void {
    this.#changed = true
    this.#parts.touch()
  }
}

/** The number of the oldest alert in the queue, of those up to `newest`; undefined without any. */
export function oldestAlert(environment: Environment, newest: number): number | undefined {
  const [entry] = environment.scan('alerts', { end: sequenceKey(newest + 1), limit: 1 }, 0)
  return entry === undefined ? undefined : keySequence(entry.key)
}

/**
 * The last number that was ever given to an alert. It is stored with each of them: a higher one in
 * the queue is a key that the disk has changed.
 */
export function newestAlert(environment: Environment): number {
  const drawn = environment.get('meta', 'sequence')
  if (drawn !== undefined) return keySequence(drawn) || 0
  const [last] = environment.scan('alerts', { limit: 1, reverse: true }, 0)
  return last === undefined ? 0 : keySequence(last.key) || 0
}
