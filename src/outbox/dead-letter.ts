import { levels } from '../alerts/alert.ts'
import { isoTime } from '../decode/clock.ts'
import { keySequence, sequenceKey } from '../storage/entry.ts'
import { type Operation } from '../storage/operation.ts'
import { field } from './entry.ts'
import { type Alert } from './queued.ts'
import { SinkError } from './sink-error.ts'

/**
 * `rejected`: the far side will never take it. `refused`: the far side has taken nothing for so long
 * that nobody will mend it. `poison`: it failed again and again while others went through.
 * `corrupt`: the disk did not keep it as it was.
 */
export type DeadReason = 'rejected' | 'refused' | 'poison' | 'corrupt'

/** Why an alert did not reach a sink, and the alert itself. */
export interface DeadLetter {
  readonly sequence: number
  readonly sink: string
  readonly reason: DeadReason
  /** One sentence. */
  readonly error: string
  /** What the far side calls the fault, and the first 1 KiB of its answer. */
  readonly status?: string
  readonly body?: string
  readonly attempts: number
  /** When it was tried first and last, and when it was accepted; ISO 8601, '' when unknown. */
  readonly first: string
  readonly last: string
  readonly accepted: string
  readonly level: number
  readonly rule: string
  /** The document in JSON; for a damaged entry what is left of it, in base64. */
  readonly alert: string
}

const longestBody = 1024

/** How often and since when (ms since the Unix epoch) an alert was tried. */
export interface Tried {
  readonly attempts: number
  readonly firstAttempt: number
}

/** The letter about an alert that a sink will never take. */
export function letterOf(
  alert: Alert,
  { sink, reason, error }: { sink: string; reason: DeadReason; error: unknown },
  { attempts, firstAttempt }: Tried,
): DeadLetter {
  const { status, body } = error instanceof SinkError ? error : {}
  return {
    sequence: alert.sequence,
    sink,
    reason,
    error: error instanceof Error ? error.message : String(error),
    ...(status === undefined ? {} : { status }),
    ...(body === undefined ? {} : { body }),
    attempts,
    first: when(firstAttempt),
    last: when(Date.now()),
    accepted: when(alert.acceptedAt),
    level: levels.indexOf(alert.level),
    rule: field(alert.document, 'rule', 'id') ?? '',
    alert: alert.json,
  }
}

/** Key of a dead letter in the table `dlq`. */
export function deadKey(sink: string, sequence: number): Buffer {
  return Buffer.concat([Buffer.from(`${sink}\0`), sequenceKey(sequence)])
}

/** The sequence number in a key of the table `dlq`. */
export function deadSequence(key: Buffer): number {
  return keySequence(key.subarray(-8))
}

export function deadOperation(letter: DeadLetter): Operation {
  const { body } = letter
  const kept = body === undefined ? letter : { ...letter, body: body.slice(0, longestBody) }
  const key = deadKey(letter.sink, letter.sequence)
  return { kind: 'put', table: 'dlq', key, value: JSON.stringify(kept) }
}

/** A stored dead letter; undefined when it is damaged itself. */
export function readDeadLetter(value: Buffer | undefined): DeadLetter | undefined {
  if (value === undefined) return undefined
  try {
    const letter: unknown = JSON.parse(value.toString())
    return typeof letter === 'object' && letter !== null && 'sequence' in letter
      ? (letter as DeadLetter)
      : undefined
  } catch {
    return undefined
  }
}

/** ms since the Unix epoch as ISO 8601; '' for 0. */
export function when(ms: number): string {
  return ms > 0 && ms < 8e15 ? isoTime(Math.floor(ms) * 1000) : ''
}
