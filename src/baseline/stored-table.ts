import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { placeEnd, placeKey, readPlace } from './place.ts'
import { type SeenKind } from './seen-set.ts'
import { mostRecords, type Table } from './table.ts'

/**
 * Bytes of a page: what LMDB puts into one page of its own, less its head and the checksum. Longer
 * ones need pages in a row, and a file that never shrinks soon has none left.
 */
const pageBytes = 4096 - 16 - 4
/** Of a row of the table of pairs. */
const pairBytes = 32
/** Pages lie without a gap; a number so far beyond all that were read is a key that was damaged. */
const widestGap = 64

export interface StoredTableParts {
  readonly baseline: number
  readonly kind: SeenKind
  readonly table: Table
  readonly environment: Pick<Environment, 'page' | 'scan'>
  readonly journal: Pick<Journal, 'add'>
}

/**
 * Keeps a table on the disk: as pages of its rows, written now and then, and for what came or
 * went since then as single records, written at once. A page takes the place of its records in one
 * transaction.
 */
export class StoredTable {
  readonly #parts: StoredTableParts
  /** Records of a page. */
  readonly #perPage: number
  /** 1 for pages that differ from the disk's. */
  readonly #dirty: number[] = []
  /** 1 for records that lie on the disk by themselves. */
  #single = new Uint8Array(64)

  constructor(parts: StoredTableParts) {
    this.#parts = parts
    this.#perPage = perPage(parts.table.rowBytes)
  }

  get pages(): number {
    return Math.ceil(this.#parts.table.top / this.#perPage)
  }

  /** The record changed in a way that can wait. */
  touched(record: number): void {
    this.#dirty[Math.trunc(record / this.#perPage)] = 1
  }

  /** The record came or went: with the alert that came of it. */
  changed(record: number): void {
    const { baseline, kind, table, journal } = this.#parts
    const key = placeKey(baseline, 'record', kind, record)
    const value = table.isUsed(record) ? rowsOf(table, record, record + 1) : Buffer.alloc(0)
    journal.add({ kind: 'put', table: 'baselines', key, value })
    this.#mark(record)
    this.touched(record)
  }

  /** Fills the rows with what is on the disk; returns how many records are damaged. */
  load(): number {
    let damaged = 0
    this.#reserve()
    let end = widestGap * this.#perPage
    for (const { number, value } of this.#entries('page')) {
      const start = number * this.#perPage
      if (start < end && this.#fill(start, value)) end += 2 * this.#perPage
      else damaged += this.#perPage
    }
    for (const { number, value } of this.#entries('record')) {
      if (number >= end) {
        damaged++
        continue
      }
      end += 2
      this.#mark(number)
      this.touched(number)
      if (!this.#fillOne(number, value)) damaged++
    }
    return damaged
  }

  /** What writes a page, where it differs from the disk's. */
  save(page: number): Operation[] {
    if (this.#dirty[page] !== 1) return []
    this.#dirty[page] = 0
    const { baseline, kind, table } = this.#parts
    const start = page * this.#perPage
    const end = Math.min(start + this.#perPage, table.top)
    const operations: Operation[] = [
      {
        kind: 'put',
        table: 'baselines',
        key: placeKey(baseline, 'page', kind, page),
        value: rowsOf(table, start, end),
      },
    ]
    for (let record = start; record < end; record++) {
      if (this.#single[record] !== 1) continue
      this.#single[record] = 0
      const key = placeKey(baseline, 'record', kind, record)
      operations.push({ kind: 'remove', table: 'baselines', key })
    }
    return operations
  }

  #mark(record: number): void {
    if (record >= this.#single.length) {
      const before = this.#single
      this.#single = new Uint8Array(Math.max(record + 1, before.length * 2))
      this.#single.set(before)
    }
    this.#single[record] = 1
  }

  /** Makes room once for all that is stored: what grows step by step leaves holes in the heap. */
  #reserve(): void {
    const { baseline, kind, environment, table } = this.#parts
    table.expect(Math.min(topStored(environment, baseline, kind, this.#perPage), mostRecords))
  }

  /** One that went has no bytes. False for bytes that are no record. */
  #fillOne(record: number, bytes: Buffer | undefined): boolean {
    const { table } = this.#parts
    table.reserve(record + 1)
    table.clear(record)
    return bytes !== undefined && (bytes.length === 0 || this.#fill(record, bytes))
  }

  /** False for bytes that are no records. */
  #fill(start: number, bytes: Buffer | undefined): boolean {
    const { table } = this.#parts
    const count = (bytes?.length ?? -1) / table.rowBytes
    if (bytes === undefined || !Number.isInteger(count) || count > this.#perPage) return false
    table.reserve(start + count)
    table.rows(start, start + count).set(bytes)
    return true
  }

  *#entries(sort: 'page' | 'record'): Iterable<{ number: number; value: Buffer | undefined }> {
    const { baseline, kind, environment } = this.#parts
    const start = placeKey(baseline, sort, kind, 0)
    const end = placeEnd(baseline, sort, kind)
    const limit = 64
    for (let after: Buffer | undefined; ; ) {
      const range = after === undefined ? { start, end, limit } : { after, end, limit }
      const entries = environment.page('baselines', range)
      for (const { key, value } of entries) {
        const place = readPlace(key)
        if (place !== undefined) yield { number: place.number, value }
      }
      after = entries.at(-1)?.key
      if (after === undefined || entries.length < limit) return
    }
  }
}

/** Values of all entities that a baseline may have on the disk: at least as many as there are. */
export function mostStored(environment: Pick<Environment, 'scan'>, baseline: number): number {
  return topStored(environment, baseline, 'pairs', perPage(pairBytes))
}

/** All its records on the disk are below. */
function topStored(
  environment: Pick<Environment, 'scan'>,
  baseline: number,
  kind: SeenKind,
  inPage: number,
): number {
  const page = lastOf(environment, baseline, kind, 'page')
  return Math.max((page + 1) * inPage, lastOf(environment, baseline, kind, 'record') + 1)
}

/** The highest number that is stored; -1 when there is none. */
function lastOf(
  environment: Pick<Environment, 'scan'>,
  baseline: number,
  kind: SeenKind,
  sort: 'page' | 'record',
): number {
  const start = placeEnd(baseline, sort, kind)
  const end = placeKey(baseline, sort, kind, 0)
  // Backwards, so the last one comes first; the end itself is not among them, and is number 0.
  const [last] = environment.scan('baselines', { start, end, limit: 1, reverse: true }, 0)
  if (last !== undefined) return readPlace(last.key)?.number ?? -1
  return environment.scan('baselines', { start: end, end: start, limit: 1 }, 0).length - 1
}

function perPage(rowBytes: number): number {
  return Math.floor(pageBytes / rowBytes)
}

/** A copy: a row changes while it waits for the disk. */
function rowsOf(table: Table, start: number, end: number): Buffer {
  return Buffer.from(table.rows(start, end))
}
