import { duration, section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { ExfiltrationWatch } from './exfiltration-watch.ts'
import { knownServiceOptions } from './known-services.ts'

const schema = section('Large uploads to the outside by who does not use to.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  conversation: Type.Integer({
    default: 100_000_000,
    minimum: 1_000_000,
    maximum: 1e15,
    description: 'Bytes in one conversation below which it is no large upload.',
  }),
  day: Type.Integer({
    default: 500_000_000,
    minimum: 1_000_000,
    maximum: 1e15,
    description: 'Bytes to one destination in a day (UTC) that are one in all.',
  }),
  ratio: Type.Number({
    default: 3,
    minimum: 1,
    maximum: 1000,
    description: 'How much more must go out than comes back.',
  }),
  habit: Type.Number({
    default: 2,
    minimum: 1,
    maximum: 1000,
    description: 'How much more it must be than the device sends in one of its fullest hours.',
  }),
  learning: duration({
    default: '3d',
    maxDuration: '90d',
    description: 'First days of the sensor: where large uploads go then is a habit afterwards.',
  }),
  pairs: Type.Integer({
    default: 16_384,
    minimum: 1024,
    maximum: 1_048_576,
    description: 'Most pairs of a source and a destination that are added up; 90 bytes each.',
  }),
  known_names: knownServiceOptions.known_names,
})

/** Data that leaves (ATT&CK T1048, T1567): much in one conversation, or much to one destination in a day. */
export const exfiltration = defineDetector({
  schema,
  signals: [
    {
      name: 'exfiltration',
      when: 'A source sent far more to one destination outside than it uses to, and little came back.',
      evidence: {
        destination: 'the name, or the address of what has none',
        bytes_out: 'payload sent to it today, or in the conversation when that was longer',
        bytes_in: 'payload that came back',
        conversation: 'bytes of the conversation at hand',
        usual:
          'bytes that the device sends outside in one of its fullest hours; 0 if not known yet',
        habit: 'new, unknown (the sensor was too young to say) or old',
        others: 'sources of our own that send much to the same destination',
        known_service: 'whether it is a service that every office uses',
      },
    },
  ],
  open(options, context) {
    const watch = new ExfiltrationWatch(options, context)
    return { on: { flow: event => watch.flow(event) }, counts: () => watch.counts }
  },
})
