import { type Ja4Transport } from './ja4.ts'
import { u16, u24 } from './tls-bytes.ts'
import { ClientHello } from './tls-hello.ts'
import { cipherName } from './tls-names.ts'
import { ServerHello } from './tls-server-hello.ts'

/** Longest chain that is kept. */
export const MAX_CERTIFICATES = 16

/** What one side said in the clear part of a handshake. */
export class Handshake {
  /** First ClientHello; a partial one is `cut`. */
  clientHello: ClientHello | undefined
  /** The ClientHello that answers a HelloRetryRequest. */
  secondClientHello: ClientHello | undefined
  serverHello: ServerHello | undefined
  helloRetry: ServerHello | undefined
  /** DER certificates of the chain, the sender's own first (TLS <= 1.2). */
  certificates: readonly Uint8Array[] = []
  /** A Certificate message came, whole or in part. */
  certificateSeen = false
  /** Curve of an ECDHE ServerKeyExchange (TLS <= 1.2). */
  curve: number | undefined
  /** ServerHelloDone: the server's flight is in. */
  done = false
  /** Bytes missing at the end of the last message; 0 when the last message is whole. */
  missing = 0
}

/**
 * Reads handshake messages: u8 type, u24 length, body (RFC 8446 4). `bytes` start at a message and
 * may end inside one: a hello in it is then read as far as it goes and marked cut. Reading stops at
 * a message type that cannot be (encrypted bytes).
 */
export function readHandshake(bytes: Uint8Array, transport: Ja4Transport = 't'): Handshake {
  const result = new Handshake()
  let at = 0
  while (at < bytes.length) {
    const type = bytes[at] ?? 0
    if (!messageTypes.has(type)) break
    if (at + 4 > bytes.length) {
      result.missing = at + 4 - bytes.length
      break
    }
    const length = u24(bytes, at + 1)
    const end = at + 4 + length
    const body = bytes.subarray(at + 4, Math.min(end, bytes.length))
    // A ClientHello of a megabyte is no ClientHello.
    if (length > MAX_MESSAGE) break
    readMessage(result, type, body, length, transport)
    if (end > bytes.length) result.missing = end - bytes.length
    at = end
  }
  return result
}

const MAX_MESSAGE = 0x1ffff
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const CERTIFICATE = 11
const SERVER_KEY_EXCHANGE = 12
const SERVER_HELLO_DONE = 14
// Beside those read here: HelloRequest, HelloVerifyRequest, NewSessionTicket, EncryptedExtensions,
// CertificateRequest, CertificateVerify, ClientKeyExchange, Finished, CertificateURL and -Status,
// SupplementalData, CompressedCertificate.
const messageTypes: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 25,
])

function readMessage(
  into: Handshake,
  type: number,
  body: Uint8Array,
  length: number,
  transport: Ja4Transport,
): void {
  if (type === CLIENT_HELLO) readClientHello(into, new ClientHello(body, length, transport))
  else if (type === SERVER_HELLO) readServerHello(into, new ServerHello(body, length))
  else if (type === CERTIFICATE) readCertificates(into, body, length)
  else if (type === SERVER_KEY_EXCHANGE) into.curve ??= namedCurve(into.serverHello, body)
  else if (type === SERVER_HELLO_DONE) into.done = true
}

function readClientHello(into: Handshake, hello: ClientHello): void {
  if (into.clientHello === undefined) into.clientHello = hello
  else into.secondClientHello ??= hello
}

function readServerHello(into: Handshake, hello: ServerHello): void {
  if (hello.retry) into.helloRetry ??= hello
  else into.serverHello ??= hello
}

/** RFC 5246 7.4.2: u24 length of the list, then each as u24 length and DER; cut ones are left out. */
function readCertificates(into: Handshake, body: Uint8Array, length: number): void {
  if (into.certificateSeen) return
  into.certificateSeen = true
  const limit = Math.min(body.length, length, 3 + u24(body, 0))
  const chain: Uint8Array[] = []
  for (let at = 3; at + 3 <= limit && chain.length < MAX_CERTIFICATES; ) {
    const end = at + 3 + u24(body, at)
    if (end > limit) break
    if (end > at + 3) chain.push(body.subarray(at + 3, end))
    at = end
  }
  into.certificates = chain
}

/** RFC 8422 5.4: u8 curve type (3 = named), u16 named curve; only ECDHE suites send it. */
function namedCurve(hello: ServerHello | undefined, body: Uint8Array): number | undefined {
  if (hello === undefined || body[0] !== 3 || body.length < 3) return undefined
  return cipherName(hello.cipher).includes('ECDH') ? u16(body, 1) : undefined
}
