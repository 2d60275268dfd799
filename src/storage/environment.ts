import { statSync } from 'node:fs'
import { join } from 'node:path'
import { SensorError } from '../errors.ts'
import { type CommitCounts, CommitMeter } from './commit-meter.ts'
import {
  type Connection,
  connect,
  disconnect,
  errorCode,
  makeDirectory,
  openSound,
  transact,
} from './connection.ts'
import { unseal } from './entry.ts'
import { classify, type Fault, WriteFault } from './fault.ts'
import { GroupCommit } from './group.ts'
import { lockDirectory } from './lock.ts'
import { type Key, type Operation, type Table } from './operation.ts'
import { markClean } from './soundness.ts'
import { type Entry, type Glimpse, keyBytes, type PageRange, readPage, scanPage } from './store.ts'

export interface EnvironmentOptions {
  readonly directory: string
  /** Told when writing starts to fail, and with undefined when it works again. */
  readonly onFault?: (fault: Fault | undefined) => void
  /** Pause before a transaction that the disk refused is tried again; default 5 s, and 1 s at most when it is full. */
  readonly retryMs?: number
}

export interface EnvironmentHealth {
  readonly state: 'up' | Fault
  /** Changes that wait for the disk. */
  readonly waiting: number
  /** Commits refused because too many waited. */
  readonly refused: number
}

/** The LMDB environment of a state directory: one thread writes, this one reads. */
export interface Environment {
  readonly directory: string
  /** Where a damaged environment was put at this start; the memory then began anew. */
  readonly setAside: string | undefined
  /**
   * All of `operations` in one transaction, or none. Resolves when they are on the disk, with the
   * sequence numbers of the appends among them. A full or failing disk delays it. Rejects with
   * STATE_BUSY when too much waits, with STATE_UNUSABLE when it can never be written.
   */
  commit(operations: readonly Operation[]): Promise<readonly number[]>
  /**
   * As `commit`, for what makes room: when the disk is full it overtakes all that waits, and it is
   * never refused because too much does.
   */
  relieve(operations: readonly Operation[]): Promise<readonly number[]>
  /**
   * The end is near: what a full or failing disk has not taken in `ms` is given up, and from then on
   * nothing is tried a second time.
   */
  end(ms: number): void
  /** Writes what waits without waiting for company. */
  flush(): Promise<void>
  /** Copies of up to `limit` entries in key order; what is damaged has no value. */
  page(table: Table, range: PageRange): Entry[]
  /** The first `head` bytes of up to `limit` entries, and how long they are. */
  scan(table: Table, range: PageRange, head: number): Glimpse[]
  /** A copy of one value; undefined when there is none or it is damaged. */
  get(table: Table, key: Key): Buffer | undefined
  health(): EnvironmentHealth
  commits(): CommitCounts
  /** Bytes that the file takes on the disk; it never shrinks while it is open. */
  fileBytes(): number
  close(): Promise<void>
}

/** A failing disk gets a fresh environment after so many refused transactions in a row. */
const reopenAfter = 3

/**
 * Opens the memory in `directory`, made with mode 0700. One that cannot be read is set aside and a
 * new one opened. Throws STATE_LOCKED, STATE_VERSION or STATE_UNUSABLE.
 */
export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  makeDirectory(options.directory)
  const unlock = lockDirectory(options.directory)
  try {
    const path = join(options.directory, 'memory')
    const { connection, setAside } = await openSound(path)
    const meter = new CommitMeter()
    return environment(options, { path, connection, readable: true, setAside, unlock, meter })
  } catch (error) {
    unlock()
    throw error
  }
}

interface Open {
  readonly path: string
  connection: Connection
  /** False while a failing disk gets a fresh environment, and after the end: nothing to be read. */
  readable: boolean
  readonly setAside: string | undefined
  readonly unlock: () => void
  readonly meter: CommitMeter
}

function environment(options: EnvironmentOptions, open: Open): Environment {
  let state: EnvironmentHealth['state'] = 'up'
  let closed: Promise<void> | undefined
  const group = new GroupCommit({
    retryMs: options.retryMs ?? 5000,
    write: writeWith(open),
    onFault: fault => {
      if (state !== (fault ?? 'up')) options.onFault?.(fault)
      state = fault ?? 'up'
    },
  })
  return {
    directory: options.directory,
    setAside: open.setAside,
    commit: operations => group.commit(operations),
    relieve: operations => group.commit(operations, true),
    end: ms => group.end(ms),
    flush: () => group.flush(),
    scan: (table, range, head) =>
      open.readable ? scanPage(open.connection.store, table, range, head) : [],
    page: (table, range) => (open.readable ? readPage(open.connection.store, table, range) : []),
    get: (table, key) => read(open, table, key),
    health: () => ({ state, ...group.load }),
    commits: () => open.meter.counts,
    fileBytes: () => fileBytes(open.path),
    close: () => {
      closed ??= close(open, group)
      return closed
    },
  }
}

/** Writes one transaction; after three I/O errors in a row through an environment opened anew. */
function writeWith(open: Open) {
  let failures = 0
  return async (commits: readonly (readonly Operation[])[]) => {
    try {
      if (failures >= reopenAfter) {
        const { connection } = open
        open.readable = false
        await disconnect(connection)
        open.connection = await connect(open.path)
        open.readable = true
        failures = 0
      }
      const sequences = await open.meter.measure(() => transact(open.connection, commits))
      failures = 0
      return sequences
    } catch (error) {
      const fault = await classify(errorCode(error), open.path)
      if (error instanceof SensorError) failures = reopenAfter
      else if (fault === 'io_error') failures++
      open.meter.failed(fault)
      throw new WriteFault(fault, error)
    }
  }
}

function read(open: Open, table: Table, key: Key): Buffer | undefined {
  if (!open.readable) return undefined
  const { root, table: opened } = open.connection.store
  root.resetReadTxn()
  const stored = opened[table].get(keyBytes(key))
  return stored === undefined ? undefined : unseal(stored)
}

function fileBytes(path: string): number {
  return statSync(join(path, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0
}

async function close(open: Open, group: GroupCommit): Promise<void> {
  await group.close()
  open.readable = false
  await disconnect(open.connection)
  await markClean(open.path).catch(() => undefined)
  open.unlock()
}
