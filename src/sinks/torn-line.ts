import { type FileHandle } from 'node:fs/promises'

const lineFeed = 0x0a
const brace = 0x7b

/**
 * Mends the end of a file of JSON lines of `size` bytes: a last line that a crash cut off is
 * removed. What does not look like one of ours gets its missing line feed and nothing is removed.
 */
export async function repairLastLine(file: FileHandle, size: number): Promise<void> {
  if (size === 0) return
  const start = await lastLineStart(file, size)
  if (start === size) return
  const first = Buffer.alloc(1)
  await file.read(first, 0, 1, start)
  if (first[0] === brace) await file.truncate(start)
  else await file.appendFile('\n')
}

/** Offset behind the last line feed; `size` when the file ends with one. */
async function lastLineStart(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(65_536)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await file.read(chunk, 0, end - start, start)
    const found = chunk.subarray(0, bytesRead).lastIndexOf(lineFeed)
    if (found >= 0) return start + found + 1
    end = start
  }
  return 0
}
