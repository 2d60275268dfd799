import { type Log } from '../log.ts'
import { type MonitorPlace } from './address.ts'
import { type Readings } from './snapshot.ts'

// A file of its own: an import of a type alone still loads the file that it is from, and `open.ts`
// brings the HTTP server along.

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
