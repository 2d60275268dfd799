import { type Alert } from './queued.ts'

/** How much a sink takes at a time. */
export interface Limits {
  /** Alerts in one batch; default 256. */
  readonly alerts?: number
  /** Bytes of the documents in one batch; default 512 KiB. One alert always goes. */
  readonly bytes?: number
  /** Batches under way at a time, 1 to 8; default 1. Two of them never share a partition key. */
  readonly concurrency?: number
  /** Critical alerts are looked for beyond those that find room in memory; default false. */
  readonly criticalFirst?: boolean
}

/**
 * A far side without acknowledgement: what was sent counts as delivered only when it is `ms` old or
 * `bytes` of later alerts were sent, or when the sink found out that it came. What is younger when
 * the connection breaks is sent again.
 */
export interface Unconfirmed {
  readonly bytes: number
  readonly ms: number
  /** Calls `listener` when a connection broke while no `send` was under way. */
  onLost(listener: () => void): void
  /**
   * Calls `listener` when the far side has all that `send` has resolved with, and will not have lost
   * it unless the connection breaks within `grace` ms.
   */
  onConfirmed?(listener: (grace: number) => void): void
}

export interface ReceiverStatus {
  /** Why the sink is worth less than it looks, such as certificates that are not verified. */
  readonly degraded?: string | undefined
  /** When our own certificate ends. */
  readonly certificateExpires?: string | undefined
  /**
   * `confirmed`: by the orderly end of each connection; `replayed`: what was sent lately is sent again
   * after a broken one; `best-effort`: delivered means sent, as with UDP.
   */
  readonly delivery?: 'acknowledged' | 'confirmed' | 'replayed' | 'best-effort'
}

/** What the outbox needs to know of a sink. */
export interface Receiver {
  /**
   * Resolves when the far side has all of `batch`. Throws a SinkError, or a SensorError whose
   * `retry` tells transient from permanent; anything else is taken as transient. A sink that sends
   * one by one calls `took` for each, so that a crash repeats few of them. One that wants some
   * later, though nothing has failed, says so last: they come again after so many ms.
   */
  send(
    batch: readonly Alert[],
    took?: (alert: Alert) => void,
    later?: (alerts: readonly Alert[], ms: number) => void,
  ): Promise<void>
  close?(): Promise<void>
  status?(): ReceiverStatus
  readonly limits?: Limits
  readonly unconfirmed?: Unconfirmed
  /** For people who read along: wants the storm guard, with so many messages a second. */
  readonly chat?: { readonly perSecond: number; readonly burst: number }
}
