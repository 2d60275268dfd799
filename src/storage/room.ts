import { statfsSync } from 'node:fs'
import { type Operation, operationBytes } from './operation.ts'
import { type Store } from './store.ts'

const page = 4096
/** Roots, branches and the list of free pages, which every transaction writes anew. */
const always = 16 * page
/** Free pages inside the file are scattered, and some are still being read. */
const scattered = 2

/**
 * Whether a transaction will find room: on the disk, or in pages that the file has free. LMDB (as
 * lmdb 3.5.6 builds it) damages the heap of the process when its writes fail again and again, so it
 * must not be what finds out that the disk is full.
 */
export function hasRoom(
  store: Store,
  directory: string,
  commits: readonly (readonly Operation[])[],
): boolean {
  const need = needed(commits)
  const disk = statfsSync(directory)
  // Root may use the reserved blocks; everyone else may not.
  const blocks = process.getuid?.() === 0 ? disk.bfree : disk.bavail
  return blocks * disk.bsize > need || freeBytes(store) > need * scattered
}

/** About the bytes of the pages that a transaction writes: its values, and copies of their pages. */
function needed(commits: readonly (readonly Operation[])[]): number {
  let bytes = always
  for (const operations of commits) {
    for (const operation of operations) bytes += operationBytes(operation) * 1.25 + page / 2
  }
  return bytes
}

interface Statistics {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly lastPageNumber: number
}

/** Bytes of the file that hold something. */
export function liveBytes({ table }: Store): number {
  return Object.values(table).reduce((sum, one) => {
    const stats = one.getStats() as Statistics
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
    return sum + pages * stats.pageSize
  }, 0)
}

function freeBytes(store: Store): number {
  const { lastPageNumber, pageSize } = store.root.getStats() as Statistics
  return (lastPageNumber + 1) * pageSize - liveBytes(store)
}
