import { section } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { reputationServices } from './reputation-services.ts'
import { TunnelWatch } from './tunnel-watch.ts'

/**
 * Data that leaves in the names that are asked for (ATT&CK T1071.004, T1048.003): many names below
 * one domain, each new, long and random, to hosts that nobody then talks to. Counting what the names
 * can carry finds the slow tunnel as well as the fast one; that nobody visits the domain is RITA's
 * idea and spares content networks.
 */
export const dnsTunnel = defineDetector({
  schema: section('Data in the names of DNS questions.', {
    enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
    bytes: Type.Integer({
      default: 800,
      minimum: 100,
      maximum: 1_000_000_000,
      description:
        'What the names of one client below one domain must be able to carry in a day; a third of it where they are very long, at least ten, and nobody else asks so.',
    }),
    names: Type.Integer({
      default: 500,
      minimum: 40,
      maximum: 30_000,
      description:
        'Different names in a day that are too many whatever they carry, of a domain that nobody visits.',
    }),
    ignore: Type.Array(Type.String({ minLength: 1 }), {
      default: reputationServices,
      uniqueItems: true,
      description:
        'Registrable domains that are asked about others by their names, as blocklists are.',
    }),
    limit: Type.Integer({
      default: 16_384,
      minimum: 256,
      maximum: 1_048_576,
      description:
        'Most pairs of client and domain looked at; about 300 bytes one, 1 KiB where it is suspicious.',
    }),
  }),
  signals: [
    {
      name: 'dns-tunnel',
      when: 'A client asks for many new, long or random names of one domain, and talks to none of its hosts.',
      evidence: {
        domain: 'registrable domain',
        names: 'different names below it',
        queries: 'questions',
        bytes: 'bytes that the names can carry',
        answered: 'bytes that questions for such types were answered with',
        carriers: 'share of questions for types that carry data back, 0 to 1',
        visits: 'conversations with a host of the domain',
        clients:
          'clients that ever asked the domain so, this one included; from three on it is taken for a product',
        days: 'days for which the client has asked as much of the domain; from the second on it is a habit, until it is ten times as much',
        seconds: 'time since the first question',
        example: 'the longest of the names',
      },
    },
  ],
  open(options, context) {
    return new TunnelWatch(options, context)
  },
})
