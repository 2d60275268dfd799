import { type Database, open, type RootDatabase } from 'lmdb'
import { checksumBytes, unsealed } from './entry.ts'
import { type Key, type Table, tables } from './operation.ts'

/** The open LMDB environment, in one thread. */
export interface Store {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly table: Readonly<Record<Table, Database<Buffer, Buffer>>>
}

// Address space, not memory or disk: one mapping for ever is simpler than growing it under readers.
const mapSize = 8 * 2 ** 30
// No noSync, noMetaSync or useWritemap: each of them gives up what an acknowledgement promises.
const options = {
  encoding: 'binary',
  keyEncoding: 'binary',
  overlappingSync: false,
  cache: false,
} as const

/** Opens the environment in the directory `path`, making what is missing. Throws what LMDB says. */
export function openStore(path: string): Store {
  const root = open<Buffer, Buffer>({ ...options, path, mapSize, maxDbs: 32 })
  const opened = tables.map(name => [name, root.openDB<Buffer, Buffer>({ ...options, name })])
  return { root, table: Object.fromEntries(opened) }
}

/** The bytes that LMDB sorts a key by. */
export function keyBytes(key: Key): Buffer {
  return typeof key === 'string' ? Buffer.from(key, 'utf8') : Buffer.from(key)
}

export interface Entry {
  readonly key: Buffer
  /** Undefined when the stored bytes are not those that were written. */
  readonly value: Buffer | undefined
}

export interface PageRange {
  readonly start?: Key
  /** As `start`, without the entry itself. */
  readonly after?: Key
  /** Ends before this key. */
  readonly end?: Key
  readonly limit: number
  /** From the last key to the first. */
  readonly reverse?: boolean
}

/**
 * Up to `limit` entries of a table in key order, all copied: the
 * reader ends before this returns, because a reader left open pins every page freed since.
 */
export function readPage(store: Store, table: Table, range: PageRange): Entry[] {
  store.root.resetReadTxn()
  const page: Entry[] = []
  for (const { key, value } of store.table[table].getRange(lmdbRange(range))) {
    // Of a range, lmdb gives copies that are nobody else's.
    page.push({ key: Buffer.from(key), value: unsealed(value) })
  }
  store.root.resetReadTxn()
  return page
}

/** How an entry begins and how long it is; whether it is damaged is not looked at. */
export interface Glimpse {
  readonly key: Buffer
  readonly head: Buffer
  /** Bytes of the whole value. */
  readonly bytes: number
}

/** As `readPage`, but only the first `head` bytes of each value. */
export function scanPage(store: Store, table: Table, range: PageRange, head: number): Glimpse[] {
  store.root.resetReadTxn()
  const page: Glimpse[] = []
  for (const { key, value } of store.table[table].getRange(lmdbRange(range))) {
    const start = value.subarray(checksumBytes, checksumBytes + head)
    const bytes = Math.max(0, value.length - checksumBytes)
    page.push({ key: Buffer.from(key), head: Buffer.from(start), bytes })
  }
  store.root.resetReadTxn()
  return page
}

function lmdbRange({ start, after, end, limit, reverse = false }: PageRange) {
  const from = after ?? start
  return {
    limit,
    reverse,
    ...(from === undefined ? {} : { start: keyBytes(from) }),
    ...(after === undefined ? {} : { exclusiveStart: true }),
    ...(end === undefined ? {} : { end: keyBytes(end) }),
  }
}
