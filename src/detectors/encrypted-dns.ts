import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { ResolverWatch } from './resolver-watch.ts'

const schema = section('DNS over TLS, HTTPS or QUIC with resolvers that nobody has listed.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  score: Type.Number({
    default: 0.4,
    minimum: 0.05,
    maximum: 1,
    description: 'Score, 0 to 1, from which a connection is told at all; rules may want more.',
  }),
  learning: duration({
    default: '3d',
    maxDuration: '90d',
    description: 'First days of the sensor: resolvers that are asked then are a habit afterwards.',
  }),
  limit: Type.Integer({
    default: 16_384,
    minimum: 256,
    maximum: 1_048_576,
    description: 'Most clients and resolvers looked at, each; about 100 bytes one.',
  }),
})

export type EncryptedDnsOptions = Static<typeof schema>

/**
 * Names that are asked where nobody can see it (ATT&CK T1071.004, T1572, T1090): of a connection that
 * is encrypted, who is at the other end is inferred from what the network shows of it otherwise.
 */
export const encryptedDns = defineDetector({
  schema,
  signals: [
    {
      name: 'encrypted-dns',
      when: 'A client has an encrypted connection with what seems to be a resolver outside.',
      evidence: {
        resolver: 'the name said or resolved, else the address',
        protocol: 'doh, dot or doq; by the protocol that is offered, else by the port',
        reasons:
          'answers-plain-dns (the address answers plain questions of ours), designated (a record of DNS names it as a resolver, RFC 9462), offers-dns (dot or doq is offered on a port that is not theirs), dns-port (853), resolver-name (it is called as resolvers are), no-names (the client has resolved next to none of the names that it uses lately, and did so before)',
        unresolved: 'of the last 20 handshakes of the client, those whose name it never resolved',
        habit: 'new, unknown (the sensor was too young to say) or old',
        others: 'sources of our own that were seen to do the same before',
      },
    },
  ],
  open(options, context) {
    const learning = context.learning(milliseconds(options.learning) * 1000)
    const watch = new ResolverWatch({ ...options, learning }, context)
    return {
      on: {
        dns: event => watch.dns(event),
        tls: event => watch.tls(event),
        quic: event => watch.quic(event),
      },
      advance: time => watch.advance(time),
      counts: () => watch.counts,
    }
  },
})
