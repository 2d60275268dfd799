import { type CaptureOptions } from './options.ts'

/** Bytes of the ring buffer: the option's MiB, rounded up to a power of two. */
export function ringSize({ ring_buffer: mebibytes }: Pick<CaptureOptions, 'ring_buffer'>): number {
  return 2 ** Math.ceil(Math.log2(mebibytes)) * 2 ** 20
}

/** `struct settings` of bpf/settings.h; `coarseClock` when the kernel has bpf_ktime_get_coarse_ns. */
export function settingsBytes(options: CaptureOptions, coarseClock: boolean): Uint8Array {
  const { flow_starts, arp, icmp, fragments } = options.limits
  const wide = [flow_starts, arp, icmp, fragments].flatMap(bucket)
  const view = new DataView(new ArrayBuffer(80))
  for (const [i, value] of [...wide, ringSize(options)].entries()) {
    view.setBigUint64(8 * i, BigInt(value), true)
  }
  view.setUint32(72, coarseClock ? 1 : 0, true)
  view.setUint32(76, options.tunnels ? 1 : 0, true)
  return new Uint8Array(view.buffer)
}

/** Interval and credit in ns; an interval of 0 means no limit. A burst of one needs no credit. */
function bucket({ rate, burst }: { rate: number; burst: number }): [number, number] {
  if (rate === 0) return [0, 0]
  const interval = Math.ceil(1e9 / rate)
  return [interval, interval * (burst - 1)]
}
