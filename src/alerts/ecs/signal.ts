import { isoTime } from '../../decode/clock.ts'
import { type Signal } from '../../detectors/signal.ts'
import { type TrafficEvent } from '../../protocols/traffic.ts'
import { alertId, ecsVersion, observerFields } from '../alert.ts'
import { type EventContext } from './context.ts'
import { type Fields, joinFields } from './document.ts'

/** `orthrus.signal`: what a detector found, with the fields of the event that completed it. */
export function signalDocument(
  signal: Signal,
  context: EventContext,
  documentOf: (event: TrafficEvent, context: EventContext) => Fields,
): Fields {
  const { observer } = context
  const { trigger, fields = {}, name, score, entity, evidence, message, detector } = signal
  return joinFields(
    trigger === undefined ? {} : documentOf(trigger, context),
    ...Object.entries(fields).map(([path, value]) => nested(path, value)),
    {
      '@timestamp': isoTime(signal.time),
      ecs: { version: ecsVersion },
      message,
      event: {
        kind: 'event',
        category: ['network'],
        type: ['info'],
        module: 'orthrus',
        dataset: 'orthrus.signal',
        action: name,
      },
      observer: observer && observerFields(observer),
      orthrus: {
        signal: {
          id: alertId(name, [entity, ...signal.identity]),
          name,
          detector,
          score,
          entity,
          evidence,
        },
      },
    },
  )
}

/** `source.ip` and a value as `{ source: { ip: value } }`. */
function nested(path: string, value: Fields[string]): Fields {
  return path
    .split('.')
    .reverse()
    .reduce<Fields[string]>((inner, name) => ({ [name]: inner }), value) as Fields
}
