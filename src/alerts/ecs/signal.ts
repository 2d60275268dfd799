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
  const { fields = {}, name, score, entity, evidence, message, detector } = signal
  return joinFields(
    triggerFields(signal, context, documentOf),
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

/** Whose address is not known yet is nobody: no entity, so no address of a source. */
const nobody = new Set<unknown>(['0.0.0.0', '::'])

function triggerFields(
  { trigger, without = [] }: Signal,
  context: EventContext,
  documentOf: (event: TrafficEvent, context: EventContext) => Fields,
): Fields {
  if (trigger === undefined) return {}
  const unnamed = nobody.has(trigger.packet.sourceIp) ? ['source.ip'] : []
  const gone = [...without, ...unnamed].map(path => path.split('.'))
  return gone.reduce(omit, documentOf(trigger, context))
}

/** The fields without the one at this path. */
function omit(fields: Fields, [name = '', ...rest]: readonly string[]): Fields {
  const { [name]: inner, ...others } = fields
  if (rest.length === 0 || typeof inner !== 'object' || Array.isArray(inner)) {
    return rest.length === 0 ? others : fields
  }
  return { ...others, [name]: omit(inner as Fields, rest) }
}

/** `source.ip` and a value as `{ source: { ip: value } }`. */
function nested(path: string, value: Fields[string]): Fields {
  return path
    .split('.')
    .reverse()
    .reduce<Fields[string]>((inner, name) => ({ [name]: inner }), value) as Fields
}
