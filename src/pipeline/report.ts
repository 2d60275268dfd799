import { type Observer } from '../alerts/alert.ts'
import { type Source } from '../capture/source.ts'
import { milliseconds } from '../config/duration.ts'
import { refusedRecords } from '../decode/event.ts'
import { type DetectorCounts } from '../detectors/detectors.ts'
import { type Devices } from '../enrich/devices.ts'
import { type Home } from '../enrich/direction.ts'
import { type Enrichment } from '../enrich/enrichment.ts'
import { vendor } from '../enrich/vendor.ts'
import { type OverheadMeter } from '../operate/overhead.ts'
import { type Summary, SummaryCounter } from '../operate/summary.ts'
import { summaryDocument } from '../operate/summary-document.ts'
import { summaryText } from '../operate/summary-text.ts'
import { type OutboxStatus } from '../outbox/status.ts'
import { type SensorParts } from './parts.ts'

export interface Report {
  /** No more summaries now and then. */
  stop(): void
  /** The summary of the whole run. */
  last(): void
}

/** Tells a summary at each interval: tables on stderr for a person, else a document on stdout. */
export function report(
  { config, output, stderr, live = true }: SensorParts,
  summary: SummaryCounter,
  observer: Observer,
): Report {
  const interval = milliseconds(config.summary.interval)
  const timer = live && interval > 0 ? setInterval(() => tell(summary.take()), interval) : undefined

  function tell(taken: Summary): void {
    if (!live) return // a replay prints alerts and nothing else
    if (output.people) stderr.write(summaryText(taken, { color: output.color, vendor }))
    else output.offer(`${JSON.stringify(summaryDocument(taken, observer))}\n`)
  }

  return {
    stop: () => clearInterval(timer),
    last: () => tell(summary.take(true)),
  }
}

/** Keys for which detectors had no room, all together. */
function refusedOf(counts: DetectorCounts): number {
  return Object.values(counts).reduce((sum, { refused = 0 }) => sum + refused, 0)
}

export interface SummaryParts {
  readonly devices: Devices
  readonly home: () => Home
  readonly queue: () => Pick<OutboxStatus, 'waiting' | 'sinks'>
  readonly overhead: OverheadMeter
  readonly enrichment: Enrichment
  readonly detectors: () => DetectorCounts
  readonly linesLeftOut: () => number
}

/** The counter of a summary, with every loss that any stage counts. */
export function makeSummary(source: Source, parts: SummaryParts): SummaryCounter {
  const { devices, enrichment } = parts
  return new SummaryCounter({
    devices,
    direction: flow => parts.home().direction(flow.packet),
    counters: () => source.counters(),
    queue: parts.queue,
    overhead: parts.overhead,
    detectors: parts.detectors,
    otherLoss: () => ({
      records_of_other_version: refusedRecords.version,
      records_of_unknown_kind: refusedRecords.kind,
      records_cut: refusedRecords.size,
      lines_left_out: parts.linesLeftOut(),
      detector_keys_refused: refusedOf(parts.detectors()),
      devices_refused: devices.counts.refused,
      devices_pushed_out: devices.counts.evicted,
      names_pushed_out: enrichment.names.counts.evicted,
      places_unreadable: enrichment.geo.faults.count,
    }),
  })
}
