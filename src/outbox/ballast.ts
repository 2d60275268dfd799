import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Enough for the copies of pages that a transaction of removals makes before it frees any. */
const size = 2 * 1024 * 1024
/** Not more than this share of what is free. */
const share = 1 / 8

/**
 * A file that is there only to be deleted when the disk is full: LMDB writes new pages before it
 * frees old ones, so without any room not even a removal goes through.
 */
export class Ballast {
  readonly #path: string

  constructor(directory: string) {
    this.#path = join(directory, 'ballast')
  }

  /** Makes the file when it is missing; `free` bytes are left on the disk. */
  async keep(free: number): Promise<void> {
    const bytes = Math.min(size, Math.floor(free * share))
    if (bytes < 65_536 || existsSync(this.#path)) return
    // Random, so that no file system keeps it in less.
    await writeFile(this.#path, randomBytes(bytes), { mode: 0o600 }).catch(() => this.release())
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined)
  }
}
