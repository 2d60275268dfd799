import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { type KernelTime } from '../capture/source.ts'

/** What the sensor itself costs. */
export interface Overhead {
  /** Of one core. */
  readonly cpuPercent: number
  readonly rssBytes: number
  /** The event loop was late by this, 99 times of 100 by less. */
  readonly loopLagMs: number
  /** Of the kernel programs, where `kernel.bpf_stats_enabled` is 1. */
  readonly kernelCpuPercent?: number
  readonly kernelNsPerPacket?: number
}

export interface OverheadMeter {
  /** What it cost since the last call, or since the start. */
  read(): Overhead
  close(): void
}

const loopResolution = 20

/** Measures this process; `kernelTime` gives undefined where the kernel does not count. */
export function measureOverhead(
  kernelTime: () => KernelTime | undefined = () => undefined,
): OverheadMeter {
  const delay = monitorEventLoopDelay({ resolution: loopResolution })
  delay.enable()
  let last = { at: performance.now(), cpu: process.cpuUsage(), kernel: kernelTime() }
  return {
    read() {
      const now = { at: performance.now(), cpu: process.cpuUsage(), kernel: kernelTime() }
      const ms = Math.max(now.at - last.at, 1)
      const used = now.cpu.user - last.cpu.user + now.cpu.system - last.cpu.system
      const kernel = kernelOverhead(last.kernel, now.kernel, ms)
      last = now
      // The histogram counts the timer's own period too; it is empty in the first moments.
      const late = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - loopResolution
      delay.reset()
      return {
        cpuPercent: used / ms / 10,
        rssBytes: process.memoryUsage.rss(),
        loopLagMs: Math.max(0, late),
        ...kernel,
      }
    },
    close: () => {
      delay.disable()
    },
  }
}

function kernelOverhead(before: KernelTime | undefined, after: KernelTime | undefined, ms: number) {
  if (before === undefined || after === undefined || after.runs <= before.runs) return {}
  const ns = after.ns - before.ns
  const runs = after.runs - before.runs
  return { kernelCpuPercent: ns / ms / 1e4, kernelNsPerPacket: ns / runs }
}
