import { milliseconds } from '../config/duration.ts'
import { type SweepOptions } from './flow-sweep.ts'
import { type CaptureOptions } from './options.ts'

/** The `capture.flow` options in ns. */
export function sweepOptions({ flow }: Pick<CaptureOptions, 'flow'>): SweepOptions {
  const ns = (text: string | number) => milliseconds(text) * 1e6
  return {
    updateInterval: ns(flow.update_interval),
    timeouts: {
      tcp: ns(flow.tcp_timeout),
      tcpClosing: ns(flow.tcp_closing_timeout),
      udp: ns(flow.udp_timeout),
      icmp: ns(flow.icmp_timeout),
      other: ns(flow.other_timeout),
    },
  }
}
