import { expect, test } from 'vitest'
import { tlsDocument } from '../../src/alerts/ecs/tls.ts'
import { decodeTls } from '../../src/protocols/tls.ts'
import { TlsEvent } from '../../src/protocols/tls-events.ts'
import { piece } from '../decode/messages.ts'
import { serverFlight } from '../generate/tls.ts'
import { type CertificateOptions } from '../generate/x509.ts'

const now = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n

/** The document of a handshake on 1 January 2026 in which the server showed this certificate. */
function documentOf(certificate: Partial<CertificateOptions> | undefined): object {
  const message = piece({ seq: 1, bytes: new Uint8Array(1), time: now })
  const flight = serverFlight({ chain: [{ subject: 'www.example.com', ...certificate }] })
  const server = certificate === undefined ? undefined : decodeTls(flight)
  return tlsDocument(new TlsEvent(message, 'tls-server-hello', undefined, server))
}

test.each([
  ['251231235959Z', true],
  // The last second still counts.
  ['260101000000Z', false],
  ['340101000000Z', false],
])('a certificate until %s has expired at the start of 2026: %s', (notAfter, expired) => {
  const document = documentOf({ notAfter })
  expect(document).toMatchObject({ orthrus: { tls: { certificate_expired: expired } } })
})

test('nothing is said of a certificate that was not seen', () => {
  expect(documentOf(undefined)).not.toHaveProperty('orthrus.tls.certificate_expired')
})
