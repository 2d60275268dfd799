import { ecsVersion, type Observer, observerFields } from '../alerts/alert.ts'
import { type Overhead } from './overhead.ts'
import { type Summary } from './summary.ts'
import { topWords } from './tally.ts'

/** A summary as an ECS document; `rows` bounds its lists. */
export function summaryDocument(summary: Summary, observer: Observer, rows = 20) {
  const { start, end, uptime, tally, devices, queue, overhead, loss } = summary
  return {
    '@timestamp': iso(end),
    ecs: { version: ecsVersion },
    event: {
      kind: 'metric',
      module: 'orthrus',
      dataset: 'orthrus.sensor',
      action: summary.final ? 'summary-final' : 'summary',
      start: iso(start),
      end: iso(end),
      duration: Math.round((end - start) * 1e6),
    },
    observer: observerFields(observer),
    orthrus: {
      sensor: {
        uptime_seconds: Math.round(uptime / 1000),
        packets: summary.packets,
        bytes: summary.bytes,
        records: summary.records,
        flows: { started: tally.flowsStarted, ended: tally.flowsEnded, live: summary.flowsLive },
        direction: tally.directions,
        events: tally.events,
        protocols: protocols(summary, rows),
        devices: {
          known: devices.known,
          new: tally.newDevices,
          new_addresses: tally.newAddresses,
          refused: devices.refused,
          learning_left_seconds: Math.round(devices.learningLeft / 1e6),
          top: busiest(summary, rows),
        },
        alerts: { raised: summary.alerts, waiting: queue.waiting, sinks: sinks(summary) },
        missed: loss,
        detectors: summary.detectors,
        overhead: cost(overhead),
      },
    },
  }
}

function cost({ cpuPercent, rssBytes, loopLagMs, kernelCpuPercent, kernelNsPerPacket }: Overhead) {
  return {
    cpu_percent: rounded(cpuPercent),
    rss_bytes: rssBytes,
    loop_lag_ms: rounded(loopLagMs),
    ...(kernelCpuPercent === undefined
      ? {}
      : {
          kernel_cpu_percent: rounded(kernelCpuPercent),
          kernel_ns_per_packet: rounded(kernelNsPerPacket ?? 0),
        }),
  }
}

function protocols({ tally }: Summary, rows: number) {
  return [...tally.protocols]
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, rows)
    .map(([name, counts]) => ({ name, ...counts }))
}

function busiest({ tally }: Summary, rows: number) {
  return [...tally.devices]
    .map(([device, counts]) => ({ device, counts }))
    .toSorted((a, b) => b.counts.bytesSent - a.counts.bytesSent)
    .slice(0, rows)
    .map(({ device, counts }) => ({
      id: device.id,
      mac: device.mac,
      ip: device.ips,
      packets: counts.packets,
      bytes_sent: counts.bytesSent,
      bytes_received: counts.bytesReceived,
      services: topWords(counts.services, 8),
      targets: topWords(counts.targets, 8),
    }))
}

function sinks({ queue }: Summary) {
  return Object.fromEntries(
    Object.entries(queue.sinks).map(([name, sink]) => {
      const { state, accepted, delivered, dead, dropped, pending } = sink
      return [name, { state, accepted, delivered, dead, dropped, pending }]
    }),
  )
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
