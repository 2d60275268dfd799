import { type BaselineCounts } from '../../baseline/stored-store.ts'
import { type SourceCounters } from '../../capture/counters.ts'
import { type DetectorCounts } from '../../detectors/detectors.ts'
import { type DeviceCounts } from '../../enrich/device-counts.ts'
import { type Loss as LostAlerts } from '../../outbox/ledger.ts'
import { type OutboxMetrics, type OutboxStatus } from '../../outbox/status.ts'
import { type EngineCounts } from '../../rules/engine/indexed.ts'
import { type CommitCounts } from '../../storage/commit-meter.ts'
import { type AlertTally } from '../alert-tally.ts'
import { type Loss } from '../loss.ts'
import { type ProcessCounts } from './process.ts'

/** All that the monitor tells, as it was at one moment. */
export interface Snapshot {
  readonly status: OutboxStatus
  readonly outbox: OutboxMetrics
  readonly lostAlerts: readonly LostAlerts[]
  readonly commits: CommitCounts
  readonly source: SourceCounters
  /** Losses of all stages since the start. */
  readonly loss: Loss
  readonly alerts: Pick<AlertTally, 'levels' | 'rules'>
  readonly rules: EngineCounts & { readonly size: number; readonly faults: number }
  readonly detectors: DetectorCounts
  readonly baselines: BaselineCounts
  readonly devices: DeviceCounts
  readonly process: ProcessCounts
}

/** Where it is read; what probes ask costs next to nothing. */
export interface Readings {
  all(): Snapshot
  health(): Pick<Snapshot, 'status' | 'commits'>
}
