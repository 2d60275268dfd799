import { libc } from './libc.ts'
import { type SourceClock } from './source.ts'

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const TRIES = 5

export interface KernelClock extends SourceClock {
  /** Measures the offset anew: somebody may have set the clock, or a suspend has passed. */
  sample(): void
}

/** From the kernel's CLOCK_MONOTONIC to the Unix epoch; measured once at the start. */
export function kernelClock(): KernelClock {
  let ns = measure()
  let us = microseconds(ns)
  return {
    get offsetNs() {
      return ns
    },
    get offset() {
      return us
    },
    sample() {
      ns = measure()
      us = microseconds(ns)
    },
  }
}

/** CLOCK_MONOTONIC in ns as a double: good to 1 ns for the first 104 days after boot, then to 2. */
export function monotonicNow(): number {
  const [seconds, ns] = process.hrtime()
  return seconds * 1e9 + ns
}

/** The reading of CLOCK_REALTIME that is framed most tightly by two of CLOCK_MONOTONIC. */
function measure(): bigint {
  let best = 2n ** 62n
  let offset = 0n
  for (let i = 0; i < TRIES; i++) {
    const before = read(CLOCK_MONOTONIC)
    const real = read(CLOCK_REALTIME)
    const width = read(CLOCK_MONOTONIC) - before
    if (width >= best) continue
    best = width
    offset = real - (before + width / 2n)
  }
  return offset
}

function read(clock: number): bigint {
  const time = new BigInt64Array(2) // struct timespec
  libc.clockGettime(clock, time)
  return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n)
}

function microseconds(ns: bigint): number {
  return Number(ns / 1000n) + Number(ns % 1000n) / 1000
}

const STATUS = 40 // struct timex
const STA_UNSYNC = 0x40

/** Whether something (NTP, PTP, the hypervisor) keeps the wall clock right, by adjtimex(2). */
export function clockState(): 'synchronized' | 'free' {
  const timex = Buffer.alloc(256)
  libc.adjtimex(timex)
  return (timex.readInt32LE(STATUS) & STA_UNSYNC) === 0 ? 'synchronized' : 'free'
}
