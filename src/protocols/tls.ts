import { type Handshake, readHandshake } from './tls-handshake.ts'
import { type ClientHello } from './tls-hello.ts'
import { readRecords, type TlsAlert } from './tls-records.ts'
import { type ServerHello } from './tls-server-hello.ts'
import {
  decodeSslv2Client,
  decodeSslv2Server,
  type Sslv2ClientHello,
  type Sslv2ServerHello,
  sslv2Length,
} from './tls-sslv2.ts'

/** What one side of a TLS or SSL connection said in the clear. */
export interface TlsSide {
  /** Who speaks; undefined when there is only an alert, or not yet enough bytes. */
  readonly role: 'client' | 'server' | undefined
  /** Version field of the first record; 0x0002 with SSLv2 framing. */
  readonly recordVersion: number
  readonly hello: ClientHello | undefined
  /** The second ClientHello, after a HelloRetryRequest. */
  readonly secondHello: ClientHello | undefined
  readonly sslv2Hello: Sslv2ClientHello | undefined
  readonly serverHello: ServerHello | undefined
  readonly helloRetry: ServerHello | undefined
  readonly sslv2ServerHello: Sslv2ServerHello | undefined
  /** DER certificates, the server's own first (TLS <= 1.2). */
  readonly certificates: readonly Uint8Array[]
  readonly certificateSeen: boolean
  /** Curve of the ServerKeyExchange (TLS <= 1.2); for TLS 1.3 see `serverHello.group`. */
  readonly curve: number | undefined
  readonly alert: TlsAlert | undefined
  /** ChangeCipherSpec or application data of this side came. */
  readonly encrypted: boolean
  /** Nothing more of interest can follow: the hello, or the server's whole flight, is in. */
  readonly complete: boolean
  /**
   * When not complete: bytes from the start, more than now, below which reading again tells
   * nothing new about the message under way. When complete: the bytes there are.
   */
  readonly needed: number
}

/**
 * Decodes one side of a connection from its first byte on, as far as it is there; call it again with
 * more bytes (from the same start) while it is not `complete`. Undefined: this is not TLS or SSL.
 * The result reads `bytes` lazily, so they must not change. Cost is linear in the bytes given.
 */
export function decodeTls(bytes: Uint8Array): TlsSide | undefined {
  const records = readRecords(bytes)
  if (records === undefined) return decodeSslv2(bytes)
  const handshake = readHandshake(records.handshake)
  const { clientHello, serverHello, helloRetry } = handshake
  const role = roleOf(handshake)
  const { alert, encrypted } = records
  const fatal = alert?.level === 2
  const complete =
    role === 'client' ? clientDone(handshake) : fatal || serverDone(handshake, encrypted)
  // A message goes on behind the records seen: its missing bytes come with a header at least.
  const behind = handshake.missing === 0 ? 1 : 5 + handshake.missing
  const more = records.needed > bytes.length ? records.needed : bytes.length + behind
  return {
    role,
    recordVersion: records.version,
    hello: clientHello,
    secondHello: handshake.secondClientHello,
    sslv2Hello: undefined,
    serverHello,
    helloRetry,
    sslv2ServerHello: undefined,
    certificates: handshake.certificates,
    certificateSeen: handshake.certificateSeen,
    curve: handshake.curve,
    alert,
    encrypted,
    complete,
    needed: complete ? bytes.length : more,
  }
}

function roleOf({
  clientHello,
  serverHello,
  helloRetry,
}: Handshake): 'client' | 'server' | undefined {
  if (clientHello !== undefined) return 'client'
  return serverHello === undefined && helloRetry === undefined ? undefined : 'server'
}

function clientDone({ clientHello }: Handshake): boolean {
  return clientHello !== undefined && !clientHello.cut
}

function serverDone(handshake: Handshake, encrypted: boolean): boolean {
  const { serverHello } = handshake
  if (serverHello === undefined || serverHello.cut) return false
  return handshake.done || encrypted || isHidden(serverHello)
}

/** TLS 1.3 and its drafts: everything behind the ServerHello is encrypted. */
function isHidden({ version }: ServerHello): boolean {
  return version === 0x0304 || version >= 0x7f00
}

/**
 * Whether a server's flight is in, and what became of the handshake is not: up to TLS 1.2 the server
 * changes its cipher a round trip later, when it has checked the client's Finished (RFC 5246 7.3).
 */
export function isUndecided({ complete, serverHello, encrypted, alert }: TlsSide): boolean {
  if (!complete || serverHello === undefined) return false
  return !encrypted && !isHidden(serverHello) && alert?.level !== 2
}

function decodeSslv2(bytes: Uint8Array): TlsSide | undefined {
  const sslv2Hello = decodeSslv2Client(bytes)
  const sslv2ServerHello = sslv2Hello === undefined ? decodeSslv2Server(bytes) : undefined
  const hello = sslv2Hello ?? sslv2ServerHello
  if (hello === undefined) return undefined
  const certificate = sslv2ServerHello?.certificate
  const type = sslv2Hello === undefined ? 4 : 1
  return {
    ...nothing,
    role: sslv2Hello === undefined ? 'server' : 'client',
    sslv2Hello,
    sslv2ServerHello,
    certificates: certificate === undefined ? [] : [certificate],
    certificateSeen: certificate !== undefined,
    complete: !hello.cut,
    needed: hello.cut ? (sslv2Length(bytes, type) ?? bytes.length) : bytes.length,
  }
}

const nothing = {
  recordVersion: 0x0002,
  hello: undefined,
  secondHello: undefined,
  serverHello: undefined,
  helloRetry: undefined,
  curve: undefined,
  alert: undefined,
  encrypted: false,
} as const
