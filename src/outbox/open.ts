import { type Log } from '../operate/log.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { Backlog } from './backlog.ts'
import { keysOf } from './done-set.ts'
import { type Ledger } from './ledger.ts'
import { LaneStore, newestAlert, oldestAlert } from './store.ts'

export interface OpenParts {
  readonly ledger: Ledger
  readonly touch: () => void
  readonly log: Log
}

export interface OpenedStores {
  readonly backlog: Backlog
  readonly stores: readonly LaneStore[]
  /** All alerts up to this number have left. */
  readonly start: number
  /**
   * Removes what is left of sinks that are no longer configured, and of older releases; gives alerts
   * a new number whose own the disk has changed.
   */
  readonly mend: readonly Operation[]
}

/** What is known of each configured sink. A new one begins with the oldest alert in the queue. */
export function openStores(
  environment: Environment,
  names: readonly string[],
  { ledger, touch, log }: OpenParts,
): OpenedStores {
  const newest = newestAlert(environment)
  const start = (oldestAlert(environment, newest) ?? newest + 1) - 1
  const backlog = new Backlog(newest)
  const parts = { environment, backlog, ledger, touch }
  const stores = names.map(name => {
    const base = Math.max(start, formerCursor(environment, name))
    return new LaneStore(name, parts, base)
  })
  const mend = [...astray(environment, newest), ...forgotten(environment, new Set(names), log)]
  return { backlog, stores, start, mend }
}

/** Where a sink was when each had nothing but a cursor. */
function formerCursor(environment: Environment, name: string): number {
  const stored = environment.get('cursors', name)
  return stored === undefined ? 0 : keySequence(stored) || 0
}

/** Alerts whose numbers the disk has changed get new ones. */
function astray(environment: Environment, newest: number): Operation[] {
  const found = environment.page('alerts', { after: sequenceKey(newest), limit: 10_000 })
  return found.flatMap(({ key, value }): Operation[] => {
    const removed: Operation = { kind: 'remove', table: 'alerts', key }
    return value === undefined ? [removed] : [removed, { kind: 'append', table: 'alerts', value }]
  })
}

function forgotten(environment: Environment, names: ReadonlySet<string>, log: Log): Operation[] {
  const operations: Operation[] = environment
    .page('cursors', { limit: 10_000 })
    .map(({ key }) => ({ kind: 'remove', table: 'cursors', key }))
  for (const { key } of environment.page('lanes', { limit: 10_000 })) {
    const name = key.toString()
    if (names.has(name)) continue
    log.warn(
      { sink: name },
      `no longer configured: its place in the queue is forgotten; \`orthrus outbox list --sink ${name}\` shows dead letters that are left`,
    )
    operations.push({ kind: 'remove', table: 'lanes', key })
    for (const bitmap of environment.page('acked', { ...keysOf(name), limit: 1e6 })) {
      operations.push({ kind: 'remove', table: 'acked', key: bitmap.key })
    }
  }
  return operations
}
