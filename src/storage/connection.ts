import { mkdirSync } from 'node:fs'
import { SensorError } from '../errors.ts'
import { compact } from './compact.ts'
import { classify } from './fault.ts'
import { type Operation } from './operation.ts'
import { checkSchema } from './schema.ts'
import { isSound, setAside, takeClean } from './soundness.ts'
import { openStore, type Store } from './store.ts'
import { ReplyError, startWriter, type WriterThread } from './thread.ts'

/** The environment as this thread reads it, and the thread that writes it. */
export interface Connection {
  readonly store: Store
  readonly writer: WriterThread
}

export interface Opened {
  readonly connection: Connection
  /** Where a damaged environment was put. */
  readonly setAside: string | undefined
}

/**
 * Opens the environment in the directory `path`, making it when it is missing. One that cannot be
 * read is set aside and a new one opened. Throws STATE_VERSION or STATE_UNUSABLE.
 */
export async function openSound(path: string): Promise<Opened> {
  makeDirectory(path)
  const sound = takeClean(path) || (await isSound(path))
  if (!sound) return { setAside: renew(path), connection: await openNew(path) }
  try {
    await compact(path)
    return { setAside: undefined, connection: await connect(path) }
  } catch (error) {
    if (error instanceof SensorError) throw error
    if ((await classify(errorCode(error), path)) === 'disk_full') throw unusable(path, error)
    return { setAside: renew(path), connection: await openNew(path) }
  }
}

/** Opens what is there. Throws what LMDB says. */
export async function connect(path: string): Promise<Connection> {
  // The writer goes first: it makes the tables that this thread then finds.
  const writer = await startWriter(path)
  try {
    const store = openStore(path)
    checkSchema(store, path)
    return { store, writer }
  } catch (error) {
    await writer.stop()
    throw error
  }
}

/** Closes both sides, the writer's last; errors are of no use any more. */
export async function disconnect({ store, writer }: Connection): Promise<void> {
  await store.root.close().catch(() => undefined)
  await writer.request({ kind: 'close' }).catch(() => undefined)
  await writer.stop()
}

/** One transaction. Throws a ReplyError when nothing was written, or STATE_UNUSABLE. */
export async function transact(
  { writer }: Connection,
  commits: readonly (readonly Operation[])[],
): Promise<readonly (readonly number[])[]> {
  const reply = await writer.request({ kind: 'commit', commits })
  if (reply.kind === 'committed') return reply.sequences
  throw reply.kind === 'failed' ? new ReplyError(reply) : new Error(reply.kind)
}

/** Makes `path` for this user alone. Throws STATE_UNUSABLE. */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(path, error)
  }
}

/** What LMDB or the system calls the error, undefined when nothing. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

async function openNew(path: string): Promise<Connection> {
  try {
    return await connect(path)
  } catch (error) {
    throw error instanceof SensorError ? error : unusable(path, error)
  }
}

function renew(path: string): string {
  try {
    const aside = setAside(path, new Date())
    makeDirectory(path)
    return aside
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, cause: unknown): SensorError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new SensorError(
    'STATE_UNUSABLE',
    `cannot keep the memory in \`${path}\`: ${why}; make it writable or set another \`state.directory\``,
    { cause },
  )
}
