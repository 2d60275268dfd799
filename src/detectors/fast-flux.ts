import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { FluxNames } from './flux-names.ts'

const schema = section('Names whose addresses change all the time, and are all over the world.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  addresses: Type.Integer({
    default: 40,
    minimum: 8,
    maximum: 10_000,
    description: 'Different addresses of one name within the window; of IPv6 different /64.',
  }),
  networks: Type.Integer({
    default: 15,
    minimum: 4,
    maximum: 10_000,
    description:
      'Different networks that these are in (/16 of IPv4, /40 of IPv6); half of their number at least.',
  }),
  systems: Type.Integer({
    default: 10,
    minimum: 3,
    maximum: 10_000,
    description: 'Autonomous systems that they are in, where the data to tell them is there.',
  }),
  countries: Type.Integer({
    default: 4,
    minimum: 2,
    maximum: 200,
    description: 'Countries that they are in, where systems are not known but countries are.',
  }),
  changes: Type.Integer({
    default: 5,
    minimum: 2,
    maximum: 1000,
    description: 'Answers, half a minute apart at least, that brought addresses never seen before.',
  }),
  ttl: duration({
    default: '10m',
    minDuration: '1s',
    maxDuration: '7d',
    description: 'Time to live that no answer of the name may exceed.',
  }),
  window: duration({
    default: '1d',
    minDuration: '10m',
    maxDuration: '7d',
    description: 'Time in which addresses are counted.',
  }),
  ignore: Type.Array(Type.String({ minLength: 1 }), {
    default: ['ntp.org', 'sks-keyservers.net', 'sipa.be'],
    uniqueItems: true,
    description: 'Registrable domains whose hosts are volunteers all over the world.',
  }),
  limit: Type.Integer({
    default: 16_384,
    minimum: 256,
    maximum: 1_048_576,
    description: 'Most names looked at; about 400 bytes one, 6 KiB where it has many addresses.',
  }),
})

export type FastFluxOptions = Static<typeof schema>

/**
 * Fast flux (ATT&CK T1568.001): a name whose addresses are computers of other people, a few at a
 * time. Content networks have many addresses and short times to live too, but in networks of their
 * own, near the client; so the name must be everywhere, and must not be one of a provider of many.
 */
export const fastFlux = defineDetector({
  schema,
  signals: [
    {
      name: 'fast-flux',
      when: 'A client asks for a name that has had ever new addresses in many networks, each for minutes.',
      evidence: {
        name: 'the name that has the addresses, at the end of its aliases',
        domain: 'its registrable domain',
        addresses: 'different addresses, of IPv6 different /64 (beyond 16 an estimate, 1 % off)',
        networks: 'different /16 of IPv4 and /40 of IPv6 that they are in',
        systems: 'different autonomous systems of those looked up; absent without the data',
        countries: 'different countries of those looked up; absent without the data',
        changes: 'answers that brought new addresses',
        ttl: 'longest time to live of an answer, seconds',
        customers: 'other registrable domains that have aliases in this one: a provider has many',
        seconds: 'time since the first answer',
        examples: 'the first of the addresses',
      },
    },
  ],
  open(options, context) {
    const seconds = milliseconds(options.ttl) / 1000
    const window = milliseconds(options.window) * 1000
    const names = new FluxNames({ ...options, seconds, window }, context)
    return {
      on: { dns: event => names.answered(event) },
      advance: time => names.advance(time),
      counts: () => names.counts,
    }
  },
})
