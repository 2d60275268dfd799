import { type Log } from '../operate/log.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Environment } from '../storage/environment.ts'
import { type Entry } from '../storage/store.ts'
import { letterOf } from './dead-letter.ts'
import { entryHead } from './entry.ts'
import { queuedAlert } from './queued.ts'
import { isFor, type When } from './route.ts'
import { SinkError } from './sink-error.ts'
import { type LaneStore } from './store.ts'
import { type Window } from './window.ts'

const pageSize = 256
/** Pages at one time; the next failure goes on. */
const pagesAtOnce = 16

export interface RefusedParts {
  readonly name: string
  readonly log: Log
  readonly environment: Environment
  readonly store: LaneStore
  readonly window: Window
  readonly when?: When | undefined
  /** What the far side says, and since when, ms since the Unix epoch. */
  readonly error: unknown
  readonly since: number
}

/** Since when a sink refuses everything, ms since the Unix epoch; 0 when `error` does not say so. */
export function refusedSince(error: unknown, before: number): number {
  return patienceOf(error) === undefined ? before : before || Date.now()
}

/** Past its patience: what has waited for as long becomes dead letters, as many as go at one time. */
export function buryRefused(parts: RefusedParts): void {
  const { name, log, since, error } = parts
  const before = Date.now() - (patienceOf(error) ?? Number.POSITIVE_INFINITY)
  if (since === 0 || since > before) return
  const buried = buryBefore(before, parts)
  if (buried > 0) log.error({ sink: name }, `${buried} alerts refused for too long: dead letters`)
}

function patienceOf(error: unknown): number | undefined {
  return error instanceof SinkError ? error.patience : undefined
}

function buryBefore(before: number, parts: RefusedParts): number {
  let buried = 0
  for (const entry of oldest(parts)) {
    const isYoung = entry.value !== undefined && entryHead(entry.value).acceptedAt > before
    if (isYoung) break
    if (buryOne(entry, keySequence(entry.key), parts)) buried++
  }
  return buried
}

/** What the sink is still to get, in order, as far as it is counted. */
function* oldest({ environment, store }: RefusedParts): Generator<Entry> {
  let after = sequenceKey(store.cursor)
  for (let pages = 0; pages < pagesAtOnce; pages++) {
    const page = environment.page('alerts', { after, limit: pageSize })
    yield* page.filter(({ key }) => keySequence(key) <= store.newest)
    after = page.at(-1)?.key ?? after
    if (page.length < pageSize) return
  }
}

function buryOne({ value }: Entry, sequence: number, parts: RefusedParts): boolean {
  const { store, window, error } = parts
  const held = window.get(sequence)
  const alert = queuedAlert(sequence, value)
  if (store.isDone(sequence) || alert === undefined) return false
  if (!isFor(parts, alert)) {
    store.settle(sequence, 'filtered')
    return false
  }
  const { attempts = 0, firstAttempt = 0 } = held ?? {}
  window.remove(sequence)
  const what = { sink: store.name, reason: 'refused', error } as const
  store.bury(letterOf(alert, what, { attempts, firstAttempt }))
  return true
}
