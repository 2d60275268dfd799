import { type Document, type Observer } from '../alerts/alert.ts'
import { sensorAlert } from '../alerts/sensor.ts'
import { type SourceCounters } from '../capture/counters.ts'
import { type Loss, lossBetween, recordsLost } from '../operate/loss.ts'

export interface BlindnessOptions {
  readonly counters: () => SourceCounters
  readonly observer: Observer
  readonly raise: (alert: Document) => void
}

const INTERVAL = 60e6
/** Share of the records that may be lost before it is worth an alert. */
const TOLERATED = 0.01
const QUIET = 3600e6

/**
 * Watches what the sensor did not see: more than 1 % of the records lost in a minute is an alert,
 * one an hour (Zeek warns of capture loss in the same way). Call it with the time, µs, now and then.
 */
export function watchBlindness({ counters, observer, raise }: BlindnessOptions) {
  let before = structuredClone(counters())
  let next = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY
  return (time: number): void => {
    if (time < next) return
    const first = next === Number.NEGATIVE_INFINITY
    next = time + INTERVAL
    if (first) return
    const now = structuredClone(counters())
    const loss = lossBetween(before, now)
    const seen = now.records - before.records
    before = now
    const lost = recordsLost(loss)
    if (lost <= TOLERATED * (seen + lost) || time < quietUntil) return
    quietUntil = time + QUIET
    raise(lossAlert(loss, lost, seen, time, observer))
  }
}

function lossAlert(loss: Loss, lost: number, seen: number, time: number, observer: Observer) {
  const share = ((100 * lost) / (seen + lost)).toFixed(1)
  return sensorAlert({
    action: 'capture-loss',
    level: 'high',
    message: `the sensor lost ${lost} of ${seen + lost} records (${share} %) in the last minute; raise \`capture.ring_buffer\` or watch fewer interfaces`,
    time,
    observer,
    facts: { lost, seen, by_class: loss },
  })
}

/** The alert about records of the memory that could not be read. */
export function damageAlert(message: string, damaged: number, observer: Observer): Document {
  return sensorAlert({
    action: 'memory-damaged',
    level: 'high',
    message,
    time: Date.now() * 1000,
    observer,
    facts: { damaged },
  })
}

/** What is to be told of the memory at the start: where it was put, devices that cannot be read. */
export function startAlerts(
  setAside: string | undefined,
  devices: number,
  observer: Observer,
): Document[] {
  const message = `${devices} records of devices were damaged and are forgotten; who they were of is new again`
  return [
    ...(setAside === undefined ? [] : [setAsideAlert(setAside, observer)]),
    ...(devices === 0 ? [] : [damageAlert(message, devices, observer)]),
  ]
}

function setAsideAlert(path: string, observer: Observer) {
  return sensorAlert({
    action: 'memory-set-aside',
    level: 'high',
    message: `the memory was damaged and is set aside as \`${path}\`; learning begins anew`,
    time: Date.now() * 1000,
    observer,
    facts: { path },
  })
}
