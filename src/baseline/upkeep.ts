import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { type Head, headOperation, removeHead, type StoreHead, storeOperation } from './head.ts'
import { placeKey } from './place.ts'
import { type OpenBaseline, seenKinds } from './stored-baseline.ts'
import { type StoredTable } from './stored-table.ts'

export interface UpkeepParts {
  readonly environment: Pick<Environment, 'commit' | 'scan'>
  readonly journal: Pick<Journal, 'add' | 'waiting'>
  readonly heads: Head[]
  readonly open: ReadonlyMap<number, OpenBaseline>
  /** A rule has opened it, or somebody has looked into it. */
  readonly isWanted: (head: Head) => boolean
  readonly storeHead: () => StoreHead
}

const second = 1e6
/** Every page of 4 KiB that changed is written once in so many steps of a second. */
const round = 3600
const clockEvery = 10 * second
const headsEvery = 60 * second
/** Records that are looked at in a step for whether they are too old. */
const sweptAtOnce = 4096
/** Entries of a baseline that is gone, removed in a step. */
const removedAtOnce = 512
/** More changes than these wait only when the disk takes none: then nothing is added to them. */
const patience = 4096
/** Bytes of one transaction of the last round. */
const portion = 1024 * 1024

/** What is done once a second of event time: forgetting, writing what changed, removing what is gone. */
export class Upkeep {
  readonly #parts: UpkeepParts
  #pages: Iterator<() => readonly Operation[]> | undefined
  #sweep: Iterator<(time: number) => void> | undefined
  /** Pages whose turn has come; less than one is carried on to the next step. */
  #due = 0
  #clock = Number.NEGATIVE_INFINITY
  #headsAt = Number.NEGATIVE_INFINITY
  readonly #saved = new Map<number, number>()

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  step(time: number): void {
    this.#forgetOld(time)
    if (this.#parts.journal.waiting > patience) return
    this.#savePages()
    if (time - this.#clock >= clockEvery) {
      this.#clock = time
      this.#parts.journal.add(storeOperation(this.#parts.storeHead()))
    }
    if (time - this.#headsAt >= headsEvery) {
      this.#headsAt = time
      for (const head of this.#parts.heads) this.#retire(head, time)
      for (const { baseline } of this.#parts.open.values()) baseline.held.save()
      for (const operation of this.#heads()) this.#parts.journal.add(operation)
    }
    this.#removeGone()
  }

  /** Writes everything; what the disk refuses is as it was. */
  async saveAll(): Promise<void> {
    const { environment, storeHead } = this.#parts
    let operations = [storeOperation(storeHead()), ...this.#heads()]
    let bytes = 0
    for (const save of this.#eachPage()) {
      for (const operation of save()) {
        operations.push(operation)
        bytes += operation.kind === 'put' ? operation.value.length : 0
      }
      if (bytes < portion) continue
      await environment.commit(operations)
      operations = []
      bytes = 0
    }
    await environment.commit(operations)
  }

  #savePages(): void {
    let count = 0
    for (const { baseline } of this.#parts.open.values()) {
      for (const kind of seenKinds) count += baseline.stored[kind].pages
    }
    this.#due = Math.min(this.#due + count / round, count)
    for (; this.#due >= 1; this.#due--) {
      this.#pages ??= this.#eachPage()
      const { value: save, done } = this.#pages.next()
      if (done) this.#pages = undefined
      else for (const operation of save()) this.#parts.journal.add(operation)
    }
  }

  *#eachPage(): Generator<() => readonly Operation[]> {
    for (const { baseline } of this.#parts.open.values()) {
      for (const kind of seenKinds) yield* pagesOf(baseline.stored[kind])
    }
  }

  #forgetOld(time: number): void {
    this.#sweep ??= this.#eachSweep()
    const { value: forget, done } = this.#sweep.next()
    if (done) this.#sweep = undefined
    else forget(time)
  }

  *#eachSweep(): Generator<(time: number) => void> {
    for (const { baseline } of this.#parts.open.values()) {
      for (const kind of ['pairs', 'entities'] as const) {
        for (let start = 0; start < baseline.set[kind].top; start += sweptAtOnce) {
          yield time => baseline.forgetOld(kind, start, sweptAtOnce, time)
        }
      }
    }
  }

  /** Heads that differ from the disk's. */
  #heads(): Operation[] {
    const changed = this.#parts.heads.filter(
      ({ number, total }) => total.events !== (this.#saved.get(number) ?? -1),
    )
    for (const { number, total } of changed) this.#saved.set(number, total.events)
    return changed.map(headOperation)
  }

  /** A baseline that no rule has opened for as long as it remembers things has no future. */
  #retire(head: Head, time: number): void {
    const { total, forgetAfter, gone } = head
    if (gone || this.#parts.isWanted(head) || time - total.lastSeen <= forgetAfter) return
    head.gone = true
    this.#parts.journal.add(headOperation(head))
  }

  #removeGone(): void {
    const { environment, journal, heads } = this.#parts
    const index = heads.findIndex(({ gone }) => gone)
    const head = heads[index]
    if (head === undefined) return
    const start = placeKey(head.number, 'head', undefined, 0)
    const end = placeKey(head.number + 1, 'head', undefined, 0)
    const entries = environment.scan('baselines', { start, end, limit: removedAtOnce }, 0)
    for (const { key } of entries) journal.add({ kind: 'remove', table: 'baselines', key })
    if (entries.length > 0) return
    journal.add(removeHead(head.number))
    heads.splice(index, 1)
  }
}

function* pagesOf(stored: StoredTable): Generator<() => readonly Operation[]> {
  for (let page = 0; page < stored.pages; page++) yield () => stored.save(page)
}
