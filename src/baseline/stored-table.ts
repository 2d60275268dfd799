import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { placeEnd, placeKey, readPlace } from './place.ts'
import { type SeenKind } from './seen-set.ts'
import { type Table } from './table.ts'

/** Records of a page, as a power of two: pages of about 64 KiB, of which LMDB wastes little. */
const pageBits = 11
const pageRecords = 1 << pageBits

export interface StoredTableParts {
  readonly baseline: number
  readonly kind: SeenKind
  readonly table: Table
  readonly environment: Pick<Environment, 'page'>
  readonly journal: Pick<Journal, 'add'>
}

/**
 * Keeps a table on the disk: as pages of its columns, written now and then, and for what came or
 * went since then as single records, written at once. A page takes the place of its records in one
 * transaction.
 */
export class StoredTable {
  readonly #parts: StoredTableParts
  /** 1 for pages that differ from the disk's. */
  readonly #dirty: number[] = []
  /** 1 for records that lie on the disk by themselves. */
  #single = new Uint8Array(64)

  constructor(parts: StoredTableParts) {
    this.#parts = parts
  }

  get pages(): number {
    return Math.ceil(this.#parts.table.top / pageRecords)
  }

  /** The record changed in a way that can wait. */
  touched(record: number): void {
    this.#dirty[record >> pageBits] = 1
  }

  /** The record came or went: with the alert that came of it. */
  changed(record: number): void {
    const { baseline, kind, table, journal } = this.#parts
    const key = placeKey(baseline, 'record', kind, record)
    const value = table.isUsed(record) ? this.#slice(record, record + 1) : Buffer.alloc(0)
    journal.add({ kind: 'put', table: 'baselines', key, value })
    this.#mark(record)
    this.touched(record)
  }

  /** Fills the columns with what is on the disk; returns how many records are damaged. */
  load(): number {
    let damaged = 0
    for (const { number, value } of this.#entries('page')) {
      if (!this.#fill(number * pageRecords, value)) damaged += pageRecords
    }
    for (const { number, value } of this.#entries('record')) {
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
    const start = page * pageRecords
    const end = Math.min(start + pageRecords, table.top)
    const operations: Operation[] = [
      {
        kind: 'put',
        table: 'baselines',
        key: placeKey(baseline, 'page', kind, page),
        value: this.#slice(start, end),
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

  /** The columns of some records, one after the other. */
  #slice(start: number, end: number): Buffer {
    return Buffer.concat(
      this.#parts.table.columns.map(({ numbers: { buffer, BYTES_PER_ELEMENT }, width }) => {
        const bytes = width * BYTES_PER_ELEMENT
        return new Uint8Array(buffer, start * bytes, (end - start) * bytes)
      }),
    )
  }

  /** One that went has no bytes. False for bytes that are no record. */
  #fillOne(record: number, bytes: Buffer | undefined): boolean {
    const { table } = this.#parts
    table.reserve(record + 1)
    table.events[record] = 0
    return bytes !== undefined && (bytes.length === 0 || this.#fill(record, bytes))
  }

  /** False for bytes that are no records. */
  #fill(start: number, bytes: Buffer | undefined): boolean {
    const { table } = this.#parts
    const count = (bytes?.length ?? -1) / recordBytes(table)
    if (bytes === undefined || !Number.isInteger(count) || count > pageRecords) return false
    table.reserve(start + count)
    let from = 0
    for (const { numbers, width } of table.columns) {
      const size = width * numbers.BYTES_PER_ELEMENT
      const part = bytes.subarray(from, from + count * size)
      new Uint8Array(numbers.buffer, start * size, count * size).set(part)
      from += count * size
    }
    return true
  }

  *#entries(sort: 'page' | 'record'): Iterable<{ number: number; value: Buffer | undefined }> {
    const { baseline, kind, environment } = this.#parts
    const start = placeKey(baseline, sort, kind, 0)
    const end = placeEnd(baseline, sort, kind)
    const limit = sort === 'page' ? 16 : 4096
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

function recordBytes(table: Table): number {
  return table.columns.reduce((sum, one) => sum + one.width * one.numbers.BYTES_PER_ELEMENT, 0)
}
