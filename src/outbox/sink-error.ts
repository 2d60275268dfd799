import { SensorError } from '../errors.ts'
import { type Alert } from './queued.ts'

/**
 * What a failure of a sink means for its alerts. `transient`: try again soon. `configuration`: a
 * person must act, try now and then. `permanent`: these alerts never will be taken. `gone`: the
 * place itself is no more, do not ask again. Only `permanent` ends in the dead letters.
 */
export type FaultClass = 'transient' | 'configuration' | 'permanent' | 'gone'

const codes = {
  transient: 'SINK_UNAVAILABLE',
  configuration: 'SINK_MISCONFIGURED',
  permanent: 'SINK_REJECTED',
  gone: 'SINK_GONE',
} as const

export interface SinkErrorOptions {
  readonly cause?: unknown
  /** ms that the far side asked to be left alone: a floor for the whole sink. */
  readonly retryAfter?: number | undefined
  /** ms after which a person will not mend it: what has waited for as long is a dead letter. */
  readonly patience?: number | undefined
  /** Of the batch: what the far side has all the same. */
  readonly delivered?: Iterable<Alert>
  /** Of the batch: what the far side will never take; the rest is as the class says. */
  readonly rejected?: Iterable<Alert>
  /** What the far side calls it, as an HTTP status or a Kafka code. */
  readonly status?: string | number
  /** What the far side answered, without secrets. */
  readonly body?: string
}

/** A failure of a sink that says what is to become of the batch. */
export class SinkError extends SensorError {
  readonly fault: FaultClass
  readonly retryAfter: number | undefined
  readonly patience: number | undefined
  readonly delivered: readonly Alert[]
  readonly rejected: readonly Alert[]
  readonly status: string | undefined
  readonly body: string | undefined

  constructor(fault: FaultClass, message: string, options: SinkErrorOptions = {}) {
    super(codes[fault], message, options.cause === undefined ? {} : { cause: options.cause })
    this.fault = fault
    this.retryAfter = options.retryAfter
    this.patience = options.patience
    this.delivered = [...(options.delivered ?? [])]
    this.rejected = [...(options.rejected ?? [])]
    this.status = options.status === undefined ? undefined : String(options.status)
    this.body = options.body
  }
}

/** The class of whatever a sink threw. A program fault is no reason to throw alerts away. */
export function faultClass(error: unknown): FaultClass {
  if (error instanceof SinkError) return error.fault
  return error instanceof SensorError && !error.retry ? 'permanent' : 'transient'
}
