import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { clockState } from '../../capture/clock.ts'
import { type Check, fail, ok, warn } from './check.ts'

const MEBIBYTE = 2 ** 20
const LEAST_MIB = 100
const COMFORTABLE_MIB = 1024
const BUILT = Date.UTC(2025, 0, 1)

/** The clock, which every alert is stamped with, and the disk that remembers. */
export function checkMachine(directory: string): Check[] {
  return [checkClock(), checkDisk(resolve(directory))]
}

function checkClock(now = Date.now()): Check {
  const fix = 'timedatectl set-ntp true'
  if (now < BUILT) return fail('clock', `${new Date(now).toISOString()} is wrong`, fix)
  if (clockState() === 'synchronized') return ok('clock', 'synchronized')
  return warn('clock', 'not synchronized: times in alerts may be off', fix)
}

function checkDisk(directory: string): Check {
  const place = existing(directory)
  try {
    accessSync(place, constants.W_OK)
  } catch {
    return fail('disk', `\`${directory}\` cannot be written`, ownership(directory))
  }
  const { bavail, bsize } = statfsSync(place)
  const free = Math.floor((bavail * bsize) / MEBIBYTE)
  const message = `${free} MiB free at \`${directory}\``
  const fix = 'make room there, or set `state.directory` to a larger disk'
  if (free < LEAST_MIB) return fail('disk', message, fix)
  return free < COMFORTABLE_MIB ? warn('disk', message, fix) : ok('disk', message)
}

/** Never of a directory above: that one is somebody else's. */
function ownership(directory: string): string {
  const user = process.getuid?.() ?? 0
  const isThere = existsSync(directory)
  return isThere ? `chown -R ${user} ${directory}` : `install -d -m 700 -o ${user} ${directory}`
}

/** The directory itself, or the nearest one above it in which it can be made. */
function existing(directory: string): string {
  return existsSync(directory) ? directory : existing(dirname(directory))
}
