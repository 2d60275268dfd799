import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** The entry of a new or renamed file in its directory must outlive a power cut as well. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
