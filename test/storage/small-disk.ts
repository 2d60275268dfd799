import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './open.ts'

/** A file system of the test's own, of a size as mount(8) takes it; undefined where mounting is not allowed. */
export function smallDisk(size: string): string | undefined {
  const directory = temporaryDirectory()
  const options = ['-t', 'tmpfs', '-o', `size=${size}`]
  try {
    execFileSync('mount', [...options, 'orthrus-test', directory], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}

/** Takes all the room that is left, to the last byte. */
export function fill(file: string): void {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch {
      // Full for this size.
    }
  }
}
