import { SensorError } from '../errors.ts'

/**
 * Whose fault it is. `transient`: the same alert goes later. `configuration`: nothing goes until a
 * person changes something, so hold everything and probe now and then. `permanent`: this alert
 * never goes, others do.
 */
export type FailureClass = 'transient' | 'configuration' | 'permanent'

export interface Failure {
  readonly class: FailureClass
  /** ms for which the far side asked to be left alone; for the whole sink, not for one alert. */
  readonly retryAfter?: number | undefined
  /** HTTP status, Kafka error code or the like. */
  readonly status?: number | string | undefined
  /** What the far side said: cut to 1 KiB, without secrets. */
  readonly answer?: string | undefined
  /** The far side says that the place is gone for good: probing it is rude. */
  readonly gone?: boolean
  readonly cause?: unknown
}

const answerLimit = 1024

/**
 * Why a sink did not take a batch. `retry` is false for `permanent` only, so that a caller who knows
 * nothing of classes does the right thing.
 */
export class SinkError extends SensorError {
  readonly class: FailureClass
  readonly retryAfter: number | undefined
  readonly status: number | string | undefined
  readonly answer: string | undefined
  readonly gone: boolean

  constructor(message: string, failure: Failure) {
    const { cause, retryAfter, status, answer, gone = false } = failure
    super(failure.class === 'permanent' ? 'SINK_REJECTED' : 'SINK_UNAVAILABLE', message, { cause })
    this.class = failure.class
    this.retryAfter = retryAfter
    this.status = status
    this.answer = answer?.slice(0, answerLimit)
    this.gone = gone
  }
}

const weights = { permanent: 0, configuration: 1, transient: 2 } as const satisfies Record<
  FailureClass,
  number
>

/**
 * The one of several failures of a batch to report: what may still go must not be thrown away with
 * what never will, so `transient` goes before `configuration` before `permanent`.
 */
export function gravest(failures: readonly unknown[]): unknown {
  return failures.reduce((worst, one) => (weight(one) > weight(worst) ? one : worst))
}

/** A fault of the program is no reason to throw alerts away: it weighs most. */
function weight(failure: unknown): number {
  return failure instanceof SinkError ? weights[failure.class] : 3
}
