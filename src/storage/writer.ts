import { parentPort, workerData } from 'node:worker_threads'
import { keySequence, seal, sequenceKey, unseal } from './entry.ts'
import { type Operation, type Reply, type Request } from './operation.ts'
import { hasRoom } from './room.ts'
import { writeSchema } from './schema.ts'
import { keyBytes, openStore, type Store } from './store.ts'

// The only thread that writes. transactionSync, because it reports a full disk as one clean error:
// an asynchronous put would end the process with a rejection that nobody can catch.

const sequenceName = Buffer.from('sequence')

if (parentPort !== null) start(parentPort, String(workerData.path))

function start(port: NonNullable<typeof parentPort>, path: string): void {
  try {
    const store = openStore(path)
    writeSchema(store)
    serve(port, store, path)
  } catch (error) {
    port.postMessage(failure(error))
    port.close()
  }
}

function serve(port: NonNullable<typeof parentPort>, store: Store, path: string): void {
  const reply = (message: Reply) => port.postMessage(message)
  port.on('message', (request: Request) => {
    if (request.kind === 'commit') reply(commit(store, path, request.commits))
    else
      void close(store)
        .then(reply)
        .finally(() => port.close())
  })
  reply({ kind: 'ready' })
}

function commit(store: Store, path: string, commits: readonly (readonly Operation[])[]): Reply {
  try {
    if (!hasRoom(store, path, commits)) return noRoom
    return { kind: 'committed', sequences: transact(store, commits) }
  } catch (error) {
    return failure(error)
  }
}

const noRoom: Reply = { kind: 'failed', message: 'the disk is full', code: 'ENOSPC' }

/** One transaction for all of `commits`; it is on the disk when this returns. */
function transact(store: Store, commits: readonly (readonly Operation[])[]): number[][] {
  return store.root.transactionSync(() => {
    const first = lastSequence(store)
    let last = first
    const drawn = commits.map(operations => {
      const sequences: number[] = []
      for (const operation of operations) {
        if (operation.kind === 'append') sequences.push(++last)
        apply(store, operation, last)
      }
      return sequences
    })
    if (last !== first) store.table.meta.putSync(sequenceName, seal(sequenceKey(last)))
    return drawn
  })
}

function apply(store: Store, operation: Operation, sequence: number): void {
  const table = store.table[operation.table]
  switch (operation.kind) {
    case 'put':
      table.putSync(keyBytes(operation.key), seal(operation.value))
      break
    case 'append':
      table.putSync(sequenceKey(sequence), seal(operation.value))
      break
    case 'remove':
      table.removeSync(keyBytes(operation.key))
      break
  }
}

/** The last number drawn: as stored with each alert, else the highest that one still bears. */
function lastSequence(store: Store): number {
  const stored = store.table.meta.get(sequenceName)
  const value = stored === undefined ? undefined : unseal(stored)
  if (value !== undefined) return keySequence(value) || 0
  const [newest] = store.table.alerts.getKeys({ reverse: true, limit: 1 })
  return newest === undefined ? 0 : keySequence(newest) || 0
}

async function close(store: Store): Promise<Reply> {
  try {
    await store.root.close()
    return { kind: 'closed' }
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'number' || typeof code === 'string'
    ? { kind: 'failed', message, code }
    : { kind: 'failed', message }
}
