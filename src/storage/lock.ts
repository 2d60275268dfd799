import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import koffi from 'koffi'
import { SensorError } from '../errors.ts'

const exclusiveNow = 2 | 4 // LOCK_EX | LOCK_NB of <sys/file.h>
const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants

/**
 * Takes the state directory for this process; the return value gives it back. The kernel drops the
 * lock with the process, however that ends, so none is ever left behind. Throws STATE_LOCKED or
 * STATE_UNUSABLE.
 */
export function lockDirectory(directory: string): () => void {
  const file = openLock(directory)
  if (flock()(file, exclusiveNow) !== 0) {
    const holder = readFileSync(file, 'utf8').trim()
    closeSync(file)
    throw new SensorError(
      'STATE_LOCKED',
      `state directory \`${directory}\` is in use by process ${holder || '(unknown)'}; stop that sensor or give this one another with \`state.directory\``,
    )
  }
  ftruncateSync(file)
  writeSync(file, `${process.pid}\n`, 0)
  return () => closeSync(file)
}

function openLock(directory: string): number {
  try {
    return openSync(join(directory, 'lock'), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SensorError(
      'STATE_UNUSABLE',
      `cannot use the state directory \`${directory}\`: ${why}; make it writable for user ${process.getuid?.() ?? '?'}, or name another with \`--state\``,
      { cause },
    )
  }
}

type Flock = (file: number, operation: number) => number
let bound: Flock | undefined

/** flock(2) of the C library that the process already has, whichever that is. */
function flock(): Flock {
  bound ??= koffi.load(null).func('int flock(int fd, int operation)') as Flock
  return bound
}
