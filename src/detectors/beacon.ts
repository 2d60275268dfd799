import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { BeaconWatch } from './beacon-watch.ts'
import { defineDetector } from './detector.ts'
import { knownServiceOptions } from './known-services.ts'

const schema = section('A program that calls home at regular times.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  connections: Type.Integer({
    default: 12,
    minimum: 8,
    maximum: 10_000,
    description: 'Connections to one destination before they are looked at.',
  }),
  span: duration({
    default: '4h',
    minDuration: '10s',
    maxDuration: '24h',
    description:
      'How long they must have gone on before that; thirty short ones of one source alone, as regular as a clock, are told of within minutes.',
  }),
  score: Type.Number({
    default: 0.7,
    minimum: 0.1,
    maximum: 1,
    description: 'Score, 0 to 1, from which a pair is told at all; rules may want more.',
  }),
  strobe: Type.Integer({
    default: 86_400,
    minimum: 1000,
    maximum: 100_000_000,
    description: 'Connections in 24 hours that are told whatever their rhythm.',
  }),
  learning: duration({
    default: '3d',
    maxDuration: '90d',
    description: 'First days of the sensor: what calls regularly then is a habit afterwards.',
  }),
  pairs: Type.Integer({
    default: 65_536,
    minimum: 1024,
    maximum: 4_194_304,
    description: 'Most pairs of a source and a destination that are counted; 90 bytes each.',
  }),
  watched: Type.Integer({
    default: 8192,
    minimum: 64,
    maximum: 1_048_576,
    description: 'Most pairs whose rhythm is looked at; 1.7 KB each.',
  }),
  ...knownServiceOptions,
})

export type BeaconOptions = Static<typeof schema>

/**
 * Beacons (ATT&CK T1071, T1029) by RITA's four scores, timing counting twice: connections of one
 * source to one name, or one address, outside. A long conversation that is kept alive counts once.
 */
export const beacon = defineDetector({
  schema,
  signals: [
    {
      name: 'beacon',
      when: 'A source connects to the same name or address outside at regular times.',
      evidence: {
        destination: 'the name, or the address of what has none',
        connections: 'since the pair was first looked at',
        interval: 'median of the seconds from one to the next',
        jitter: 'median deviation from that, as a part of it',
        timing: 'score of the regularity, 0 to 1',
        size: 'score of the sameness of what is sent, 0 to 1',
        histogram: 'score of the evenness over the hours, 0 to 1',
        duration: 'score of how long it goes on, 0 to 1',
        habit: 'new, unknown (the sensor is too young to say) or old',
        sharing: 'sources of our own that go to the same destination',
        beacons: 'destinations that this source calls regularly',
        known_service: 'whether it is a service that every office uses',
      },
    },
    {
      name: 'strobe',
      when: 'A source connects to the same name or address outside once a second or more, all day.',
      evidence: {
        destination: 'the name, or the address of what has none',
        connections: 'in the last 24 hours',
      },
    },
  ],
  open(options, context) {
    const watch = new BeaconWatch(options, context)
    return {
      on: { flow: event => watch.flow(event) },
      flows: ['end'],
      advance: time => watch.advance(time),
      counts: () => watch.counts,
    }
  },
})
