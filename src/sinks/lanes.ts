import { type Alert } from '../outbox/queued.ts'
import { SinkError } from '../outbox/sink-error.ts'

/**
 * Sends each alert of a batch on its own, `width` at a time, those of one key one after the other.
 * One that is refused for good does not hold the others; behind any other failure a lane stops.
 * Throws one SinkError that tells which alerts arrived and which were refused; `took` hears of each
 * that did at once.
 */
export async function sendInLanes(
  batch: readonly Alert[],
  width: number,
  send: (alert: Alert) => Promise<void>,
  took: (alert: Alert) => void = () => undefined,
): Promise<void> {
  const lanes = Array.from({ length: width }, (): Alert[] => [])
  for (const alert of batch) lanes[laneOf(alert.key, width)]?.push(alert)
  const outcome: Outcome = { delivered: [], rejected: [], failures: [] }
  const sendOne = async (alert: Alert) => {
    await send(alert)
    took(alert)
  }
  await Promise.all(lanes.map(alerts => drain(alerts, sendOne, outcome)))
  throwFailure(outcome)
}

/** What became of a batch. */
export interface Outcome {
  readonly delivered: Alert[]
  readonly rejected: Alert[]
  readonly failures: unknown[]
}

async function drain(
  alerts: readonly Alert[],
  send: (alert: Alert) => Promise<void>,
  { delivered, rejected, failures }: Outcome,
): Promise<void> {
  for (const alert of alerts) {
    try {
      await send(alert)
      delivered.push(alert)
    } catch (error) {
      failures.push(error)
      if (!(error instanceof SinkError) || error.fault !== 'permanent') return
      rejected.push(alert)
    }
  }
}

/** The gravest failure, for all of the batch that neither arrived nor was refused; none, nothing. */
export function throwFailure({ delivered, rejected, failures }: Outcome): void {
  if (failures.length === 0) return
  const worst = failures.reduce((a, b) => (weight(b) > weight(a) ? b : a))
  if (!(worst instanceof SinkError)) throw worst
  const { fault, message, cause, retryAfter, patience, status, body } = worst
  throw new SinkError(fault, message, {
    cause,
    retryAfter,
    patience,
    delivered,
    rejected,
    ...(status === undefined ? {} : { status }),
    ...(body === undefined ? {} : { body }),
  })
}

/** What may still go must not be thrown away with what never will. */
const weights = { permanent: 0, transient: 1, configuration: 2, gone: 3 } as const

/** A fault of the program is no reason to throw alerts away: it weighs most. */
function weight(failure: unknown): number {
  return failure instanceof SinkError ? weights[failure.fault] : 4
}

/** FNV-1a of the text; which lane it is has no meaning outside. */
function laneOf(key: string, width: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % width
}
