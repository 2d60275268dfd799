import { compact, type Fields, filled, flag, type Value } from './ecs-parts.ts'
import { type TlsSide } from './tls.ts'
import { isGrease } from './tls-bytes.ts'
import { type ClientHello } from './tls-hello.ts'
import {
  alertName,
  cipherName,
  cipherSpecName,
  groupName,
  versionNumber,
  versionProtocol,
} from './tls-names.ts'
import { type ServerHello } from './tls-server-hello.ts'
import { type Certificate } from './x509.ts'
import { certificateFields } from './x509-fields.ts'

/** The parts of the document that a handshake fills. */
export interface TlsFields {
  readonly tls: Fields
  /** What ECS has no field for; goes under `orthrus.tls`. */
  readonly orthrusTls: Fields
}

/**
 * ECS fields of a handshake from what is known of its sides, either of which may be missing.
 * `certificate` turns DER into facts (for example `cache.get.bind(cache)`).
 */
export function tlsFields(
  client: TlsSide | undefined,
  server: TlsSide | undefined,
  certificate: (der: Uint8Array) => Certificate,
): TlsFields {
  const leaf = server?.certificates[0]
  const leafFacts = leaf === undefined ? undefined : certificate(leaf)
  const hello = client?.hello
  return {
    tls: compact({
      client: compact({
        ...clientFields(hello),
        supported_ciphers: suites(hello) ?? sslv2Suites(client),
      }),
      server: compact({
        // The answer to the hello that JA3 and JA4 describe, be it a HelloRetryRequest.
        ja3s: (server?.helloRetry ?? server?.serverHello)?.ja3s,
        ...(leafFacts && certificateFields(leafFacts)),
      }),
      ...outcomeFields(client, server),
    }),
    orthrusTls: compact({
      ...offerFields(hello),
      hello_retry:
        server?.helloRetry !== undefined || client?.secondHello !== undefined || undefined,
      ...alertFields(client, server),
      ...chainFields(server, leafFacts),
    }),
  }
}

/** `tls.client` of a ClientHello, also for QUIC. */
export function clientFields(hello: ClientHello | undefined): Record<string, Value> {
  if (hello === undefined) return {}
  return { server_name: hello.serverName, ja3: hello.ja3 }
}

/** Cipher suites offered by their IANA names, GREASE left out. */
export function suites(hello: ClientHello | undefined): readonly string[] | undefined {
  return filled((hello?.ciphers ?? []).filter(notGrease).map(cipherName))
}

function sslv2Suites(client: TlsSide | undefined): readonly string[] | undefined {
  return filled((client?.sslv2Hello?.cipherSpecs ?? []).map(cipherSpecName))
}

/** `orthrus.tls` of a ClientHello: what it offers. */
export function offerFields(hello: ClientHello | undefined): Record<string, Value> {
  if (hello === undefined) return {}
  return {
    ja4: hello.ja4,
    ja4_r: hello.ja4Raw,
    alpn: filled(hello.alpn),
    versions: filled(offeredVersions(hello).filter(notGrease).map(versionText)),
    groups: filled(hello.groups.filter(notGrease).map(groupName)),
    key_shares: filled(hello.keyShares.filter(notGrease).map(groupName)),
    // Of a cut hello only the presence is certain.
    ech: hello.cut ? flag(hello.ech) : hello.ech,
    grease: flag(hello.grease),
    psk: flag(hello.preSharedKey),
    early_data: flag(hello.earlyData),
    session_ticket: flag((hello.sessionTicketLength ?? 0) > 0),
    extended_master_secret: flag(hello.extendedMasterSecret),
    compression: flag(hello.compressionMethods.some(method => method !== 0)),
    cut: flag(hello.cut),
    malformed: flag(hello.malformed),
    excess: flag(hello.excess),
  }
}

function offeredVersions({ supportedVersions, version }: ClientHello): readonly number[] {
  return supportedVersions.length === 0 ? [version] : supportedVersions
}

/** `tls.*` that the server's hello decides, also for QUIC. */
export function chosenFields(
  hello: ClientHello | undefined,
  server: ServerHello | undefined,
): Record<string, Value> {
  if (server === undefined || server.cut) return {}
  const { version } = server
  return {
    version: versionNumber(version),
    version_protocol: versionNumber(version) === undefined ? undefined : versionProtocol(version),
    cipher: cipherName(server.cipher),
    next_protocol: server.alpn?.toLowerCase() || undefined,
    curve: server.group === undefined ? undefined : groupName(server.group),
    resumed: hello === undefined || server.retry ? undefined : resumed(hello, server),
  }
}

/** TLS 1.3 resumes by a pre-shared key, the older ones by echoing the client's session id. */
function resumed(hello: ClientHello, server: ServerHello): boolean {
  if (isTls13(server.version)) return server.preSharedKey
  return server.sessionIdLength > 0 && server.sessionId === hello.sessionId
}

function isTls13(version: number): boolean {
  return versionNumber(version) === '1.3'
}

/** `tls.*` that both sides decided: version, cipher, and whether it came to be. */
export function outcomeFields(
  client: TlsSide | undefined,
  server: TlsSide | undefined,
): Record<string, Value> {
  const hello = server?.serverHello ?? server?.helloRetry
  const sslv2 = server?.sslv2ServerHello
  if (sslv2 !== undefined) {
    return { version: '2.0', version_protocol: 'ssl', resumed: sslv2.resumed }
  }
  const chosen = chosenFields(client?.hello, hello)
  const fatal = server?.alert?.level === 2 || client?.alert?.level === 2
  const curve = server?.curve === undefined ? undefined : groupName(server.curve)
  const established = fatal ? false : (hello !== undefined && server?.encrypted) || undefined
  return compact({
    ...chosen,
    curve: curve ?? chosen['curve'],
    // A certificate is only sent in a full handshake.
    resumed: server?.certificateSeen ? false : chosen['resumed'],
    established,
  })
}

function alertFields(
  client: TlsSide | undefined,
  server: TlsSide | undefined,
): Record<string, Value> {
  const alert = server?.alert ?? client?.alert
  if (alert === undefined) return {}
  const level = alert.level === 2 ? 'fatal' : 'warning'
  const sender = server?.alert === undefined ? 'client' : 'server'
  return { alert: { level, description: alertName(alert.description), sender } }
}

function chainFields(
  server: TlsSide | undefined,
  leaf: Certificate | undefined,
): Record<string, Value> {
  if (server === undefined || leaf === undefined) return {}
  return {
    certificates: server.certificates.length,
    self_signed: leaf.selfSigned,
    certificate_malformed: flag(leaf.malformed),
  }
}

function notGrease(value: number): boolean {
  return !isGrease(value)
}

function versionText(version: number): string {
  const number = versionNumber(version)
  const draft = version >> 8 === 0x7f ? `-draft-${version & 0xff}` : ''
  return number === undefined ? `0x${version.toString(16).padStart(4, '0')}` : number + draft
}
