import { createHash, randomBytes } from 'node:crypto'
import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { approve, forget, unlearn } from './amend.ts'
import { type BaselineCounts } from './baseline-counts.ts'
import { Budget } from './budget.ts'
import {
  type Head,
  headOperation,
  readHeads,
  readStoreHead,
  type StoreHead,
  storeOperation,
} from './head.ts'
import { KeyedHash } from './keyed-hash.ts'
import { LateBaseline } from './late-baseline.ts'
import { LatestHash } from './latest-hash.ts'
import { ObservedTime } from './observed-time.ts'
import { readPlace } from './place.ts'
import {
  type Baseline,
  type BaselineKey,
  type BaselineRecord,
  type BaselineStore,
  type HeldValue,
} from './store.ts'
import { type OpenBaseline, type Shared, StoredBaseline } from './stored-baseline.ts'
import { mostStored } from './stored-table.ts'
import { Texts } from './texts.ts'
import { Total } from './total.ts'
import { exportBaselines, type Merge, mergeRecord } from './transfer.ts'
import { Unread } from './unread.ts'
import { Upkeep } from './upkeep.ts'

export interface StoredBaselinesOptions {
  readonly environment: Environment
  /** Takes what is learned, with the alert that comes of it. */
  readonly journal: Pick<Journal, 'add' | 'settled' | 'flush' | 'waiting'>
  /** Most values that all entities of all rules may have together. */
  readonly limit?: number
  /** Whether texts are kept, for people; without them there are hashes only. */
  readonly clear?: boolean
}

const second = 1e6
/** Until the rule opens its baseline and says what it may be. */
const unlimited = {
  entities: Number.POSITIVE_INFINITY,
  valuesPerEntity: Number.POSITIVE_INFINITY,
  overflow: 'freeze',
} as const

/**
 * Keeps all baselines in the environment. One that a rule opens is read when its first event comes,
 * at the latest some seconds of event time later.
 */
export class StoredBaselineStore implements BaselineStore {
  readonly #options: StoredBaselinesOptions
  readonly #shared: Shared
  readonly #secret: Buffer
  readonly #heads: Head[]
  readonly #open = new Map<number, OpenBaseline>()
  readonly #unread: Unread
  readonly #upkeep: Upkeep
  #swept = Number.NEGATIVE_INFINITY
  #damaged = 0

  constructor(options: StoredBaselinesOptions) {
    const { environment, journal, limit = 1_000_000, clear = true } = options
    this.#options = options
    const stored = readStoreHead(environment)
    this.#heads = readHeads(environment)
    this.#secret = stored?.secret ?? randomBytes(8)
    const budget = new Budget(limit, () => this.#readAll())
    this.#unread = new Unread(budget)
    // Without the secret nothing that was learned can be found again.
    if (stored === undefined) for (const head of this.#heads) head.gone = true
    const hash = new KeyedHash(this.#secret)
    this.#shared = {
      environment,
      journal,
      hash,
      entityHash: new LatestHash(hash),
      valueHash: new LatestHash(hash),
      texts: new Texts(environment, journal, clear),
      time: new ObservedTime(stored?.observed),
      budget,
    }
    if (stored === undefined) journal.add(storeOperation(this.#storeHead()))
    this.#upkeep = new Upkeep({
      environment,
      journal,
      heads: this.#heads,
      open: this.#open,
      isWanted: head => this.#open.has(head.number) || this.#unread.has(head),
      storeHead: () => this.#storeHead(),
    })
  }

  /** Records that were damaged on the disk and are forgotten, of the baselines that are read. */
  get damaged(): number {
    return this.#damaged
  }

  /** Values of all entities of the baselines that rules have opened; reads them. */
  get values(): number {
    this.#readAll()
    return this.#shared.budget.pairs
  }

  /** How full it is, and sightings that a limit kept it from remembering since the start. */
  get counts(): BaselineCounts {
    const { pairs, limit, refused } = this.#shared.budget
    return { open: this.#open.size, values: pairs, limit, refused, damaged: this.#damaged }
  }

  open({ id, hash, forgetAfter, limits }: BaselineKey): Baseline {
    const known = this.#heads.find(head => head.id === id && head.hash === hash && !head.gone)
    const head = known ?? this.#newHead(id, hash)
    head.forgetAfter = forgetAfter
    const open = this.#open.get(head.number)
    if (open !== undefined) {
      open.baseline.forgetAfter = forgetAfter
      open.baseline.learner.limits = limits
      return open.baseline
    }
    this.#unread.add(head, limits, () => mostStored(this.#options.environment, head.number))
    return new LateBaseline(() => this.#opened(head).baseline)
  }

  advance(time: number): void {
    this.#shared.time.advance(time)
    if (time - this.#swept < second) return
    this.#swept = time
    for (const head of this.#unread.next()) this.#opened(head)
    this.#upkeep.step(time)
  }

  forget(id: string, entity: string, value?: string): number {
    let count = 0
    for (const { baseline } of this.all(id)) {
      count += baseline.held.take(entity, value).length
      count += forget(baseline, entity, value)
    }
    return count
  }

  *held(): Iterable<HeldValue & { readonly id: string }> {
    for (const { head, baseline } of this.all()) {
      for (const held of baseline.held) yield { id: head.id, ...held }
    }
  }

  approve(id: string, entity: string, value?: string): number {
    let count = 0
    for (const { baseline } of this.all(id)) count += approve(baseline, entity, value)
    return count
  }

  export(id?: string): Iterable<BaselineRecord> {
    const { clear = true } = this.#options
    // Where there are texts, the same habits are the same export, whatever the secret.
    return exportBaselines(this.all(id), clear ? undefined : this.#key)
  }

  import(records: Iterable<BaselineRecord>): number {
    const merge: Merge = {
      of: new Map(),
      observed: this.#shared.time.observed,
      key: this.#key,
      open: (name, hash) => {
        const known = this.#heads.find(one => one.id === name && one.hash === hash && !one.gone)
        return this.#opened(known ?? this.#newHead(name, hash))
      },
    }
    let refused = 0
    for (const record of records) if (!mergeRecord(record, merge)) refused++
    return refused
  }

  /** Writes all that the disk does not know, unless it takes nothing. */
  async flush(): Promise<void> {
    if (this.#options.environment.health().state !== 'up') return
    for (const { baseline } of this.#open.values()) baseline.held.save()
    await this.#options.journal.flush()
    await this.#upkeep.saveAll()
  }

  /** Forgets what these changes, which never reached the disk, would have kept: it is new again. */
  lost(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.kind !== 'put' || operation.table !== 'baselines') continue
      if (typeof operation.key === 'string' || operation.value.length === 0) continue
      const place = readPlace(operation.key)
      if (place?.sort !== 'record' || place.kind === undefined) continue
      const open = this.#open.get(place.baseline)
      if (open !== undefined) unlearn(open.baseline, place.kind, place.number)
    }
  }

  /** Tells the secret from others, and nothing of it. */
  get #key(): string {
    const digest = createHash('sha256').update('orthrus baselines').update(this.#secret)
    return digest.digest('hex').slice(0, 16)
  }

  #newHead(id: string, hash: string): Head {
    const number = 1 + this.#heads.reduce((most, head) => Math.max(most, head.number), 0)
    const total = new Total(this.#shared.time.observed)
    const head = { number, id, hash, forgetAfter: Number.POSITIVE_INFINITY, total, gone: false }
    this.#heads.push(head)
    // Nothing of it can be on the disk before this is.
    this.#options.journal.add(headOperation(head))
    return head
  }

  #readAll(): void {
    for (const head of this.#unread.next(Number.POSITIVE_INFINITY)) this.#opened(head)
  }

  #opened(head: Head): OpenBaseline {
    const known = this.#open.get(head.number)
    if (known !== undefined) return known
    const limits = this.#unread.take(head) ?? unlimited
    const begun = () => this.#options.journal.add(headOperation(head))
    const baseline = new StoredBaseline({ ...head, limits, begun }, this.#shared)
    this.#damaged += baseline.load()
    const open = { head, baseline }
    this.#open.set(head.number, open)
    return open
  }

  /** Baselines in the order of their names, those that no rule has opened too. */
  all(id?: string): OpenBaseline[] {
    return this.#heads
      .filter(head => !head.gone && (id === undefined || head.id === id))
      .sort((a, b) => order(a.id, b.id) || order(a.hash, b.hash))
      .map(head => this.#opened(head))
  }

  #storeHead(): StoreHead {
    return { secret: this.#secret, observed: this.#shared.time.observed }
  }
}

function order(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
