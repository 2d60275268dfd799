import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { TlsWatch } from './tls-watch.ts'

/** Where TLS is spoken from the first byte, or after a word before it. */
const usualPorts = [
  21, 25, 110, 143, 389, 443, 465, 563, 587, 636, 853, 989, 990, 992, 993, 994, 995, 1194, 1433,
  2083, 2087, 2096, 2376, 3269, 3306, 3389, 4190, 4433, 4460, 5061, 5222, 5223, 5228, 5229, 5230,
  5269, 5349, 5432, 5671, 5986, 6443, 6514, 6679, 6697, 8443, 8883, 8888, 9443,
] as const

const schema = section('Handshakes of TLS that are odd in themselves, or other than before.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  score: Type.Number({
    default: 0.3,
    minimum: 0.05,
    maximum: 1,
    description: 'Score, 0 to 1, from which a handshake is told at all; rules may want more.',
  }),
  ports: Type.Array(Type.Integer({ minimum: 0, maximum: 65_535 }), {
    default: [...usualPorts],
    uniqueItems: true,
    description: 'Ports on which TLS is no surprise.',
  }),
  learning: duration({
    default: '3d',
    maxDuration: '90d',
    description: 'First days of the sensor: what is odd then is a habit afterwards.',
  }),
  client_learning: duration({
    default: '7d',
    maxDuration: '90d',
    description: 'How long a device must be known before a new fingerprint (JA4) of it counts.',
  }),
})

export type TlsAnomalyOptions = Static<typeof schema>

/** Encrypted channels of malware and of who sits in between (ATT&CK T1573, T1557, T1587.003). */
export const tlsAnomaly = defineDetector({
  schema,
  signals: [
    {
      name: 'tls-anomaly',
      when: 'A handshake with the outside is odd for several reasons, or for a strong one.',
      evidence: {
        reasons:
          'self-signed, expired, not-yet-valid, short-lived, valid-for-decades, just-made, default-names, other-name, no-server-name, address-as-name, resolved-as-other, odd-port, old-version, new-client, new-client-of-a-simple-device',
        destination: 'the name asked for, or the address, and the port',
        subject: 'whom the certificate is for',
        issuer: 'who signed it',
        resolved: 'the name that the client resolved to the address',
        ja4: 'fingerprint of the client',
        habit: 'new, unknown (the sensor was too young to say) or old',
        others: 'sources of our own of which the same was seen',
      },
    },
    {
      name: 'tls-changed',
      when: 'A server that was known is certified by somebody else, or speaks an older version.',
      evidence: {
        change: 'signer or version',
        server: 'its name, or its address and port',
        before: 'what was seen before',
        now: 'what is seen now',
        others: 'other servers of which the new value was seen',
      },
    },
  ],
  open(options, context) {
    const watch = new TlsWatch(options, context)
    return {
      on: { tls: event => watch.tls(event), quic: event => watch.quic(event) },
      counts: () => watch.counts,
    }
  },
})
