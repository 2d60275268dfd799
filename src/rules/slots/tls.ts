import { type QuicEvent } from '../../protocols/quic-events.ts'
import { type TlsEvent } from '../../protocols/tls-events.ts'
import { chosenFields, outcomeFields } from '../../protocols/tls-fields.ts'
import { type ClientHello } from '../../protocols/tls-hello.ts'
import { type Certificate, CertificateCache } from '../../protocols/x509.ts'
import { expired } from '../../protocols/x509-fields.ts'
import { type SlotTable } from './context.ts'

const certificates = new CertificateCache()
let latest: TlsEvent | undefined
let chosenOfLatest: ReturnType<typeof chosenFields> | undefined
let outcomeOfLatest: ReturnType<typeof outcomeFields> | undefined
let leafOfLatest: Certificate | undefined

/** Fields that most TLS rules read; the rest comes from the document. */
export const tlsSlots: SlotTable<TlsEvent> = {
  'event.action': () => event => event.action,
  'network.protocol': () => () => 'tls',
  'tls.client.server_name':
    () =>
    ({ client }) =>
      client?.hello?.serverName,
  'tls.client.ja3':
    () =>
    ({ client }) =>
      client?.hello?.ja3,
  'orthrus.tls.ja4':
    () =>
    ({ client }) =>
      client?.hello?.ja4,
  'orthrus.tls.cut':
    () =>
    ({ client }) =>
      hidden(client?.hello).cut,
  'orthrus.tls.ech':
    () =>
    ({ client }) =>
      hidden(client?.hello).ech,
  'orthrus.tls.self_signed': () => event => leafOf(event)?.selfSigned,
  'orthrus.tls.certificate_expired': () => event => expired(leafOf(event), event.packet.time),
  'tls.established': () => event => outcome(event)['established'] as boolean | undefined,
  'tls.server.x509.public_key_algorithm': () => event => leafOf(event)?.publicKey.algorithm,
  'tls.server.x509.public_key_size': () => event => leafOf(event)?.publicKey.size,
  'tls.server.x509.signature_algorithm': () => event => leafOf(event)?.signatureAlgorithm,
  'tls.version': () => event => chosen(event)['version'] as string | undefined,
  'tls.cipher': () => event => chosen(event)['cipher'] as string | undefined,
  'tls.next_protocol': () => event => chosen(event)['next_protocol'] as string | undefined,
}

export const quicSlots: SlotTable<QuicEvent> = {
  'event.action': () => event => event.action,
  'network.protocol': () => () => 'quic',
  'tls.client.server_name':
    () =>
    ({ facts }) =>
      facts.clientHello?.serverName,
  'tls.client.ja3':
    () =>
    ({ facts }) =>
      facts.clientHello?.ja3,
  'orthrus.tls.ja4':
    () =>
    ({ facts }) =>
      facts.clientHello?.ja4,
  'orthrus.tls.cut':
    () =>
    ({ facts }) =>
      hidden(facts.clientHello).cut,
  'orthrus.tls.ech':
    () =>
    ({ facts }) =>
      hidden(facts.clientHello).ech,
  'tls.version':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['version'] as
        | string
        | undefined,
  'tls.cipher':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['cipher'] as
        | string
        | undefined,
  'tls.next_protocol':
    () =>
    ({ facts }) =>
      chosenFields(facts.clientHello, facts.serverHello ?? facts.helloRetry)['next_protocol'] as
        | string
        | undefined,
}

/** What the hello keeps for itself, as the document has it. */
function hidden(hello: ClientHello | undefined): { cut?: true; ech?: boolean } {
  if (hello === undefined) return {}
  if (hello.cut) return hello.ech ? { cut: true, ech: true } : { cut: true }
  return { ech: hello.ech }
}

/** The rules of an event come one after the other: what they all ask for is made once. */
function look(event: TlsEvent): void {
  if (event === latest) return
  latest = event
  chosenOfLatest = undefined
  outcomeOfLatest = undefined
  const der = event.server?.certificates[0]
  leafOfLatest = der && certificates.get(der)
}

/** The server's own certificate. */
function leafOf(event: TlsEvent): Certificate | undefined {
  look(event)
  return leafOfLatest
}

/** What the server's hello says, before it is known what came of it. */
function chosen(event: TlsEvent): ReturnType<typeof chosenFields> {
  look(event)
  const { client, server } = event
  chosenOfLatest ??=
    server?.sslv2ServerHello === undefined
      ? chosenFields(client?.hello, server?.serverHello ?? server?.helloRetry)
      : outcome(event)
  return chosenOfLatest
}

function outcome(event: TlsEvent): ReturnType<typeof outcomeFields> {
  look(event)
  outcomeOfLatest ??= outcomeFields(event.client, event.server)
  return outcomeOfLatest
}
