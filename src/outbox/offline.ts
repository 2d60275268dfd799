import { type Document, levels } from '../alerts/alert.ts'
import { type Log } from '../operate/log.ts'
import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { type Entry } from '../storage/store.ts'
import { type Account } from './account.ts'
import { type DeadLetter, deadSequence, readDeadLetter } from './dead-letter.ts'
import { keysOf } from './done-set.ts'
import { acceptOperation } from './entry.ts'
import { Ledger, type Loss, readLedger } from './ledger.ts'
import { openStores } from './open.ts'
import { type LaneStore } from './store.ts'

/** What is told of an outbox: of a sensor that does not run, as it is on the disk. */
export interface OfflineOutbox {
  readonly sinks: readonly SinkReport[]
  readonly losses: readonly Loss[]
  /** Alerts in the queue. */
  readonly waiting: number
}

export interface SinkReport extends Account {
  readonly sink: string
  readonly accepted: number
  readonly pending: number
  readonly lastSuccess: number
  readonly lastError: string
}

const pageSize = 500

/** What the disk says of every sink that it knows. */
export function readOutbox(environment: Environment, log: Log): OfflineOutbox {
  const { stores } = open(environment, log)
  const waiting = environment.scan('alerts', { limit: 1e8 }, 0).length
  return { sinks: stores.map(sinkReport), losses: readLedger(environment), waiting }
}

export function sinkReport(store: LaneStore): SinkReport {
  return {
    sink: store.name,
    ...store.account,
    accepted: store.accepted,
    pending: store.pending,
    lastSuccess: store.known.lastSuccess,
    lastError: store.known.lastError,
  }
}

/** Which dead letters are meant; what is left out does not restrict. */
export interface DeadFilter {
  readonly sink?: string | undefined
  readonly sequences?: ReadonlySet<number>
}

/** One dead letter as it is stored; without `letter` when it is damaged itself. */
export interface StoredLetter {
  readonly key: Buffer
  readonly bytes: number
  readonly letter?: DeadLetter
}

/** Dead letters by sink, oldest first. */
export function* deadLetters(
  environment: Environment,
  { sink, sequences }: DeadFilter,
): Generator<StoredLetter> {
  const range = sink === undefined ? {} : keysOf(sink)
  for (let from: { readonly start?: Buffer; readonly after?: Buffer } = range; ; ) {
    const page = environment.page('dlq', { ...range, ...from, limit: pageSize })
    const wanted = page.filter(({ key }) => sequences?.has(deadSequence(key)) ?? true)
    yield* wanted.map(stored)
    const after = page.at(-1)?.key
    if (after === undefined) return
    from = { after }
  }
}

function stored({ key, value }: Entry): StoredLetter {
  const letter = readDeadLetter(value)
  return { key, bytes: value?.length ?? 0, ...(letter && { letter }) }
}

/** Puts dead letters into the queue once more, each for its sink alone. Gives how many. */
export function replayDead(environment: Environment, filter: DeadFilter, log: Log) {
  return change(environment, filter, log, ({ store }, { key, bytes, letter }) => {
    const operation = store && replayOf(store.name, letter)
    if (operation === undefined) return undefined
    store?.replayed(key, bytes)
    return [operation]
  })
}

/** Puts the alert of a letter into the queue once more, for its sink alone; undefined for damage. */
export function replayOf(sink: string, letter: DeadLetter | undefined): Operation | undefined {
  const document = letter && letter.reason !== 'corrupt' ? parse(letter.alert) : undefined
  return document && acceptOperation(document, { only: sink, replayed: true })
}

/** Gives dead letters up for good; the loss ledger knows. Gives how many. */
export function dropDead(environment: Environment, filter: DeadFilter, log: Log) {
  return change(environment, filter, log, ({ store, ledger }, found) => {
    if (store === undefined) return [dropOrphan(ledger, found)]
    store.dropDead(found.key, found.bytes, 'operator')
    return []
  })
}

/** What is done about a dead letter besides what its sink's account says; undefined for nothing. */
type Change = Operation[] | undefined

/** Gives up a dead letter of a sink that is no longer configured: it has no account, only the ledger. */
export function dropOrphan(ledger: Ledger, { key, letter }: StoredLetter): Operation {
  const { level = levels.indexOf('high'), rule = '' } = letter ?? {}
  ledger.drop(sinkOf(key), 'operator', { sequence: deadSequence(key), level, rule })
  return { kind: 'remove', table: 'dlq', key }
}

/** The sink in a key of the table `dlq`. */
export function sinkOf(key: Buffer): string {
  return key.subarray(0, -9).toString()
}

/** Changes each letter and what its sink's account says in one transaction a page. */
async function change(
  environment: Environment,
  filter: DeadFilter,
  log: Log,
  one: (of: { store: LaneStore | undefined; ledger: Ledger }, found: StoredLetter) => Change,
): Promise<number> {
  const { stores, ledger } = open(environment, log)
  let changed = 0
  const found = [...deadLetters(environment, filter)]
  for (let start = 0; start < found.length; start += pageSize) {
    const operations: Operation[] = []
    for (const letter of found.slice(start, start + pageSize)) {
      const store = stores.find(({ name }) => name === sinkOf(letter.key))
      const own = one({ store, ledger }, letter)
      if (own === undefined) continue
      operations.push(...own)
      changed++
    }
    operations.push(...stores.flatMap(store => store.operations()), ...ledger.operations())
    await environment.commit(operations)
  }
  return changed
}

function open(environment: Environment, log: Log) {
  const ledger = new Ledger(environment)
  const names = environment.scan('lanes', { limit: 10_000 }, 0).map(({ key }) => key.toString())
  const { stores } = openStores(environment, names, { ledger, log, touch: () => undefined })
  return { stores, ledger }
}

function parse(text: string): Document | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null ? (document as Document) : undefined
  } catch {
    return undefined
  }
}
