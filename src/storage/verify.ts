import { ABORT } from 'lmdb'
import { tables } from './operation.ts'
import { openStore, readPage, type Store } from './store.ts'

// A process of its own: a damaged page can make LMDB read or write outside its mapping, and then only
// this process dies of it. Exit 0: every entry can be reached and be taken out, every list of free
// pages can be read, and a transaction commits.

const step = 1000
const [path] = process.argv.slice(2)
if (path !== undefined) await verify(path)

async function verify(directory: string): Promise<void> {
  const store = openStore(directory)
  read(store)
  write(store)
  await store.root.close()
}

function read(store: Store): void {
  for (const table of tables) {
    for (let after: Buffer | undefined; ; ) {
      const page = readPage(store, table, { limit: step, ...(after && { after }) })
      after = page.at(-1)?.key
      if (after === undefined) break
    }
  }
}

/** What only a writer looks at: the lists of free pages, and in each page where its room is. */
function write(store: Store): void {
  const { meta } = store.table
  const probe = Buffer.from('verify')
  store.root.transactionSync(() => {
    // More than is free in one piece, so that every list is asked for it.
    meta.putSync(probe, Buffer.alloc(1024 * 1024))
    for (const table of tables) takeOut(store, table)
    return ABORT
  })
  store.root.transactionSync(() => meta.putSync(probe, Buffer.alloc(4096)))
  store.root.transactionSync(() => meta.removeSync(probe))
}

function takeOut(store: Store, table: (typeof tables)[number]): void {
  const opened = store.table[table]
  for (;;) {
    const keys = [...opened.getKeys({ limit: step })].map(key => Buffer.from(key))
    for (const key of keys) {
      if (!opened.removeSync(key)) throw new Error(`${table}: a key is listed and cannot be found`)
    }
    if (keys.length === 0) return
  }
}
