import { tables } from './operation.ts'
import { openStore, readPage } from './store.ts'

// A process of its own: a damaged page can make LMDB read outside its mapping, and then only this
// process dies of it. Exit 0: every entry can be reached and a transaction commits.

const [path] = process.argv.slice(2)
if (path !== undefined) await verify(path)

async function verify(directory: string): Promise<void> {
  const store = openStore(directory)
  for (const table of tables) {
    for (let after: Buffer | undefined; ; ) {
      const page = readPage(store, table, { limit: 1000, ...(after && { after }) })
      after = page.at(-1)?.key
      if (after === undefined) break
    }
  }
  // The list of free pages is only read by a writer.
  const probe = Buffer.from('verify')
  store.root.transactionSync(() => store.table.meta.putSync(probe, Buffer.alloc(4096)))
  store.root.transactionSync(() => store.table.meta.removeSync(probe))
  await store.root.close()
}
