import { type StoredBaselineStore } from '../baseline/stored-store.ts'
import { type Detectors } from '../detectors/detectors.ts'
import { type Devices } from '../enrich/devices.ts'
import { processCounts } from '../operate/monitor/process.ts'
import { type Readings } from '../operate/monitor/snapshot.ts'
import { type SummaryCounter } from '../operate/summary.ts'
import { type Outbox } from '../outbox/outbox.ts'
import { type SensorParts } from './parts.ts'
import { type RuleRunner } from './rules.ts'

export interface ReadingParts {
  readonly parts: Pick<SensorParts, 'environment' | 'source'>
  readonly outbox: Outbox
  readonly summary: SummaryCounter
  readonly rules: RuleRunner
  readonly detectors: Detectors
  readonly baselines: StoredBaselineStore
  readonly devices: Devices
}

/** What all stages say of themselves, for the monitor. */
export function readingsOf(read: ReadingParts): Readings {
  const { outbox, rules } = read
  const { environment, source } = read.parts
  const health = () => ({ status: outbox.status, commits: environment.commits() })
  return {
    health,
    all: () => ({
      ...health(),
      outbox: outbox.metrics,
      lostAlerts: outbox.ledger.losses,
      source: source.counters(),
      loss: read.summary.loss,
      alerts: read.summary.raised,
      rules: { ...rules.counts, size: rules.size, faults: rules.faults.length },
      detectors: read.detectors.counts,
      baselines: read.baselines.counts,
      devices: read.devices.counts,
      process: processCounts(),
    }),
  }
}
