import { isoTime } from '../decode/clock.ts'
import {
  alertId,
  type Document,
  ecsVersion,
  type Level,
  type Observer,
  observerFields,
  severities,
} from './alert.ts'

export interface SensorFault {
  /** `capture-loss`, `memory-set-aside` … */
  readonly action: string
  readonly level: Level
  /** One sentence for a person: what happened, what it means, what to do. */
  readonly message: string
  /** µs since the Unix epoch. */
  readonly time: number
  readonly observer: Observer
  /** Facts under `orthrus.sensor`. */
  readonly facts?: Document
}

/** What the sensor has to say about its own blindness, as an ECS document. */
export function sensorAlert({ action, level, message, time, observer, facts }: SensorFault) {
  return {
    '@timestamp': isoTime(time),
    ecs: { version: ecsVersion },
    message,
    tags: ['orthrus'],
    labels: { level },
    event: {
      kind: 'pipeline_error',
      id: alertId(action, [observer.name, time]),
      module: 'orthrus',
      dataset: 'orthrus.sensor',
      action,
      severity: severities[level],
    },
    observer: observerFields(observer),
    ...(facts === undefined ? {} : { orthrus: { sensor: facts } }),
  }
}
