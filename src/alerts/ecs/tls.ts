import { type QuicEvent } from '../../protocols/quic-events.ts'
import { quicFields } from '../../protocols/quic-fields.ts'
import { type TlsEvent } from '../../protocols/tls-events.ts'
import { tlsFields } from '../../protocols/tls-fields.ts'
import { CertificateCache } from '../../protocols/x509.ts'
import { expired } from '../../protocols/x509-fields.ts'
import { ipFields } from './common.ts'
import { knownHosts } from './dns.ts'
import { type Fields, joinFields } from './document.ts'

const certificates = new CertificateCache()

/** `orthrus.tls`: the ClientHello, or the whole of what both sides said. */
export function tlsDocument({ packet, action, client, server }: TlsEvent): Fields {
  const { tls, orthrusTls } = tlsFields(client, server, der => certificates.get(der))
  const [der] = server?.certificates ?? []
  const leaf = der && certificates.get(der)
  return joinFields(ipFields(packet), {
    event: { action, type: ['protocol', 'info'] },
    network: { protocol: 'tls' },
    related: { hosts: knownHosts([client?.hello?.serverName]) },
    tls: tls as Fields,
    orthrus: {
      tls: { ...(orthrusTls as Fields), certificate_expired: expired(leaf, packet.time) },
    },
  })
}

/** `orthrus.quic`: as TLS, and the version of QUIC. */
export function quicDocument({ packet, action, facts }: QuicEvent): Fields {
  const { tls, orthrusTls, orthrusQuic, userAgent } = quicFields(facts)
  return joinFields(ipFields(packet), {
    event: { action, type: ['protocol', 'info'] },
    network: { protocol: 'quic' },
    related: { hosts: knownHosts([facts.clientHello?.serverName]) },
    tls: tls as Fields,
    user_agent: { original: userAgent },
    orthrus: { tls: orthrusTls as Fields, quic: orthrusQuic as Fields },
  })
}
