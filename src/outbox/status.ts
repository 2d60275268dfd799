import { sequenceKey } from '../storage/entry.ts'
import { type Fault } from '../storage/fault.ts'
import { type Account } from './account.ts'
import { type SinkState } from './circuit.ts'
import { when } from './dead-letter.ts'
import { entryHead, longestHead } from './entry.ts'
import { type Lane } from './lane.ts'
import { type SinkMetrics } from './metrics.ts'
import { type Outbox } from './outbox.ts'
import { type ReceiverStatus } from './receiver.ts'
import { type FaultClass } from './sink-error.ts'

export interface SinkStatus extends Account, ReceiverStatus {
  readonly state: SinkState
  readonly accepted: number
  /** Alerts that the sink is still to get, and about what they take on the disk. */
  readonly pending: number
  readonly pendingBytes: number
  /** Age of the oldest of them. */
  readonly oldestSeconds: number
  /** ISO 8601, '' for never. */
  readonly lastSuccess: string
  readonly lastError: string | undefined
  readonly lastErrorClass: FaultClass | undefined
}

export interface OutboxStatus {
  /**
   * `degraded`: a full disk, alerts wait in memory; or the disk had damaged what it kept.
   * `down`: it cannot be written.
   */
  readonly health: 'up' | 'degraded' | 'down'
  /** Where a memory that could not be read was put at the start. */
  readonly setAside: string | undefined
  /** Alerts that were found damaged at the start. */
  readonly damaged: number
  /** Alerts in the queue. */
  readonly waiting: number
  readonly bytes: number
  readonly quotaBytes: number
  readonly fileBytes: number
  readonly sinks: Readonly<Record<string, SinkStatus>>
}

const healthOf = {
  up: 'up',
  refused: 'up',
  disk_full: 'degraded',
  io_error: 'down',
} as const satisfies Record<'up' | Fault, OutboxStatus['health']>

/** How the outbox and each sink are. */
export function outboxStatus(outbox: Outbox): OutboxStatus {
  const { environment, backlog, quota, lanes, damaged } = outbox
  const { setAside } = environment
  const health = healthOf[environment.health().state]
  const isHurt = setAside !== undefined || damaged > 0
  return {
    health: health === 'up' && isHurt ? 'degraded' : health,
    setAside,
    damaged,
    waiting: backlog.entries,
    bytes: quota.used,
    quotaBytes: quota.limit,
    fileBytes: environment.fileBytes(),
    sinks: Object.fromEntries(lanes.map(lane => [lane.store.name, sinkStatus(outbox, lane)])),
  }
}

function sinkStatus({ environment }: Outbox, lane: Lane): SinkStatus {
  const { store, circuit, lastError, receiver } = lane
  const own = receiver.status?.() ?? {}
  const isLess = own.degraded !== undefined && circuit.state === 'up'
  const range = { after: sequenceKey(store.cursor), limit: 1 }
  const [oldest] = store.pending > 0 ? environment.scan('alerts', range, longestHead) : []
  const since = oldest === undefined ? 0 : entryHead(oldest.head).acceptedAt
  return {
    ...store.account,
    ...own,
    state: isLess ? 'degraded' : circuit.state,
    accepted: store.accepted,
    pending: store.pending,
    pendingBytes: store.pendingBytes,
    oldestSeconds: since > 0 ? Math.max(0, (Date.now() - since) / 1000) : 0,
    lastSuccess: when(store.known.lastSuccess),
    lastError: lastError?.text,
    lastErrorClass: lastError?.fault,
  }
}

export interface OutboxMetrics {
  readonly entries: number
  readonly bytes: number
  readonly quotaBytes: number
  readonly fileBytes: number
  readonly progressCommits: number
  readonly progressErrors: number
  readonly sinks: Readonly<Record<string, LaneMetrics>>
}

export interface LaneMetrics extends SinkMetrics, SinkStatus {
  readonly inflightBytes: number
  readonly rateLimitedSeconds: number
}

/** Everything that is counted, as plain numbers. */
export function outboxMetrics(outbox: Outbox): OutboxMetrics {
  const { sinks, waiting, bytes, quotaBytes, fileBytes } = outboxStatus(outbox)
  const { commits, errors } = outbox.progress.counts
  const own = outbox.lanes.flatMap(lane => {
    const status = sinks[lane.store.name]
    if (status === undefined) return []
    const { metrics, inflightBytes, circuit } = lane
    const rateLimitedSeconds = circuit.rateLimitedMs / 1000
    return [
      [lane.store.name, { ...status, ...metrics, inflightBytes, rateLimitedSeconds }] as const,
    ]
  })
  return {
    entries: waiting,
    bytes,
    quotaBytes,
    fileBytes,
    progressCommits: commits,
    progressErrors: errors,
    sinks: Object.fromEntries(own),
  }
}
