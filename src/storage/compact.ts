import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openStore, type Store } from './store.ts'

/** A smaller file is not worth a copy. */
const least = 256 * 1024 * 1024
/** A file of which more is in use is not worth it either. */
const share = 0.25

/**
 * Makes the file of a closed environment as small as what it holds, when that is less than a
 * quarter of it: LMDB itself never gives a byte back. True when it did. A failure changes nothing.
 */
export async function compact(directory: string, leastBytes = least): Promise<boolean> {
  const file = join(directory, 'data.mdb')
  const copy = `${directory}.compact`
  rmSync(copy, { recursive: true, force: true })
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size <= leastBytes) return false
  const store = openStore(directory)
  try {
    const live = liveBytes(store)
    const disk = await statfs(dirname(directory))
    if (live >= size * share || disk.bavail * disk.bsize < live * 2) return false
    mkdirSync(copy, { mode: 0o700 })
    await store.root.backup(copy, true)
  } catch {
    rmSync(copy, { recursive: true, force: true })
    return false
  } finally {
    await store.root.close()
  }
  await sync(join(copy, 'data.mdb'))
  renameSync(join(copy, 'data.mdb'), file)
  await sync(directory)
  rmSync(copy, { recursive: true, force: true })
  return true
}

interface Statistics {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

function liveBytes({ table }: Store): number {
  return Object.values(table).reduce((sum, one) => {
    const stats = one.getStats() as Statistics
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
    return sum + pages * stats.pageSize
  }, 0)
}

async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
