import { statfs } from 'node:fs/promises'

/** Why a transaction did not reach the disk. `refused`: this one never will; the others may. */
export type Fault = 'disk_full' | 'io_error' | 'refused'

/** A transaction of which nothing was written. */
export class WriteFault extends Error {
  readonly fault: Fault
  constructor(fault: Fault, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.fault = fault
  }
}

// LMDB's own codes for an environment that must be opened anew or cannot be read.
const broken = new Set([-30796, -30795, -30794, -30793, -30779])
const diskCodes = new Set<unknown>([5, 28, 30, 122, 'EIO', 'ENOSPC', 'EROFS', 'EDQUOT'])
const noSpace = new Set<unknown>([28, 122, 'ENOSPC', 'EDQUOT'])
const mapFull = -30792
/** LMDB reports a full disk as EIO, so the file system is asked; less than this is full. */
const spare = 64 * 1024

/** The class of what LMDB threw while writing below `directory`. */
export async function classify(code: unknown, directory: string): Promise<Fault> {
  if (noSpace.has(code) || code === mapFull) return 'disk_full'
  if (diskCodes.has(code)) return (await isFull(directory)) ? 'disk_full' : 'io_error'
  // STATE_UNUSABLE: the writer thread died, as it would of memory; a new one may do better.
  return broken.has(Number(code)) || code === 'STATE_UNUSABLE' ? 'io_error' : 'refused'
}

async function isFull(directory: string): Promise<boolean> {
  try {
    const { bavail, bfree, bsize } = await statfs(directory)
    // Root may use the reserved blocks; everyone else may not.
    return (process.getuid?.() === 0 ? bfree : bavail) * bsize < spare
  } catch {
    return false
  }
}
