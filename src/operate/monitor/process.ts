import { readdirSync, readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { version } from '../version.ts'

/** What this process takes. */
export interface ProcessCounts {
  readonly version: string
  /** Seconds since the Unix epoch. */
  readonly startTime: number
  /** Of all threads, user and system. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  /** Without the files that are mapped into memory, LMDB's above all. */
  readonly anonymousBytes: number
  readonly heapBytes: number
  readonly openFiles: number
}

const ownVersion = version()
const startTime = Date.now() / 1000 - process.uptime()

export function processCounts(): ProcessCounts {
  const { user, system } = process.cpuUsage()
  return {
    version: ownVersion,
    startTime,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: statusBytes('VmRSS'),
    anonymousBytes: statusBytes('RssAnon'),
    heapBytes: getHeapStatistics().used_heap_size,
    openFiles: readdirSync('/proc/self/fd').length,
  }
}

/** proc(5): a line such as `RssAnon:   12345 kB`. */
function statusBytes(name: string): number {
  const status = readFileSync('/proc/self/status', 'latin1')
  const [, kib = '0'] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status) ?? []
  return Number(kib) * 1024
}
