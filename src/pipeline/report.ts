import { type Observer } from '../alerts/alert.ts'
import { milliseconds } from '../config/duration.ts'
import { vendor } from '../enrich/vendor.ts'
import { type Summary, type SummaryCounter } from '../operate/summary.ts'
import { summaryDocument } from '../operate/summary-document.ts'
import { summaryText } from '../operate/summary-text.ts'
import { type SensorParts } from './sensor.ts'

export interface Report {
  /** No more summaries now and then. */
  stop(): void
  /** The summary of the whole run. */
  last(): void
}

/** Tells a summary at each interval: tables on stderr for a person, else a document on stdout. */
export function report(
  { config, output, stderr }: SensorParts,
  summary: SummaryCounter,
  observer: Observer,
): Report {
  const interval = milliseconds(config.summary.interval)
  const timer = interval > 0 ? setInterval(() => tell(summary.take()), interval) : undefined

  function tell(taken: Summary): void {
    if (output.people) stderr.write(summaryText(taken, { color: output.color, vendor }))
    else output.offer(`${JSON.stringify(summaryDocument(taken, observer))}\n`)
  }

  return {
    stop: () => clearInterval(timer),
    last: () => tell(summary.take(true)),
  }
}
