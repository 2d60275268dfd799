import { type Log } from '../log.ts'
import { type MonitorPlace } from './address.ts'
import { type Readings } from './snapshot.ts'

export interface MonitorParts {
  readonly place: MonitorPlace
  readonly readings: Readings
  readonly log: Log
  /** Pause before a port that somebody else has is tried again. */
  readonly retryMs?: number
}

export interface Monitor {
  close(): Promise<void>
}
