import { type FileHandle, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { milliseconds } from '../../config/duration.ts'
import { syncDirectory } from './sync.ts'

export interface Rotation {
  /** Bytes; 0 for no limit. */
  readonly size: number
  /** ms; 0 for no limit. */
  readonly every: number
  /** Old files. */
  readonly keep: number
}

export function rotationOf(options: {
  readonly rotate_size: number
  readonly rotate_every: string | number
  readonly keep: number
}): Rotation {
  const { rotate_size: size, rotate_every: every, keep } = options
  return { size: size * 1024 * 1024, every: milliseconds(every), keep }
}

/** Whether the file would grow too large with `more` bytes, or was begun in an earlier period. */
export async function isDue(file: FileHandle, more: number, rotation: Rotation): Promise<boolean> {
  const { size, every } = rotation
  if (size === 0 && every === 0) return false
  const status = await file.stat()
  if (status.size === 0) return false
  if (size > 0 && status.size + more > size) return true
  // By the last write: a restart must not begin a new file, and not every file system knows births.
  return every > 0 && Math.floor(status.mtimeMs / every) < Math.floor(Date.now() / every)
}

/** Moves `path` to `path.1`, that to `path.2` and so on; the oldest is overwritten. */
export async function rotate(path: string, keep: number): Promise<void> {
  for (let number = keep; number > 0; number--) {
    await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch(
      unlessMissing,
    )
  }
  await syncDirectory(dirname(path))
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
