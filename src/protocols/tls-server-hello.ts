import { ja3s } from './ja3.ts'
import { bufferOf, u16 } from './tls-bytes.ts'
import { alpnNames, Extensions, extension } from './tls-extensions.ts'

// RFC 8446 4.1.3: a ServerHello with this random value is a HelloRetryRequest.
const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
)

/**
 * A ServerHello (RFC 8446 4.1.3, RFC 5246 7.4.1.3): u16 version, 32 random bytes, u8 + session id,
 * u16 cipher suite, u8 compression method, u16 + extensions (absent in old ones).
 */
export class ServerHello {
  /** The legacy version field. */
  readonly legacyVersion: number
  /** The version chosen: `supported_versions` when there, else the field. */
  readonly version: number
  readonly sessionIdLength: number
  readonly cipher: number
  readonly compression: number
  readonly extensions = new Extensions()
  readonly cut: boolean
  readonly malformed: boolean
  readonly #bytes: Buffer

  constructor(body: Uint8Array, length: number) {
    const bytes = bufferOf(body)
    this.#bytes = bytes
    this.legacyVersion = u16(bytes, 0)
    // Drafts 18 to 21 of TLS 1.3 had neither session id nor compression here.
    const short = this.legacyVersion >= 0x7f00 && this.legacyVersion <= 0x7f15
    this.sessionIdLength = short ? 0 : (bytes[34] ?? 0)
    const cipherAt = short ? 34 : 35 + this.sessionIdLength
    this.cipher = u16(bytes, cipherAt)
    this.compression = short ? 0 : (bytes[cipherAt + 2] ?? 0)
    const at = cipherAt + (short ? 2 : 3)
    const end = at + 2 > bytes.length ? at : at + 2 + u16(bytes, at)
    if (end > at) this.extensions.read(bytes, at + 2, end)
    this.cut = bytes.length < length
    this.malformed = !this.cut && (at > length || end > length || this.extensions.truncated)
    const chosen = this.extensions.find(extension.supportedVersions)
    this.version = chosen === undefined ? this.legacyVersion : u16(bytes, chosen[0])
  }

  get sessionId(): string {
    return this.#bytes.toString('hex', 35, 35 + this.sessionIdLength)
  }

  /** A HelloRetryRequest: it asks for another ClientHello and chooses only the group. */
  get retry(): boolean {
    for (let at = 0; at < RETRY_RANDOM.length; at++) {
      if (this.#bytes[2 + at] !== RETRY_RANDOM[at]) return false
    }
    return true
  }

  /** Protocol chosen by ALPN; in TLS 1.3 it is encrypted, so absent. */
  get alpn(): string | undefined {
    return alpnNames(this.#bytes, this.extensions.list(this.#bytes, extension.alpn, 2))[0]
  }

  /** Group of the server's key share (TLS 1.3), or the one a HelloRetryRequest asks for. */
  get group(): number | undefined {
    const found = this.extensions.find(extension.keyShare)
    return found === undefined || found[1] - found[0] < 2 ? undefined : u16(this.#bytes, found[0])
  }

  /** A pre-shared key of the client was accepted (TLS 1.3). */
  get preSharedKey(): boolean {
    return this.extensions.has(extension.preSharedKey)
  }

  get extendedMasterSecret(): boolean {
    return this.extensions.has(extension.extendedMasterSecret)
  }

  /** The server will send a session ticket (TLS <= 1.2). */
  get sessionTicket(): boolean {
    return this.extensions.has(extension.sessionTicket)
  }

  /** JA3S in hexadecimal; undefined when the hello is cut, malformed or in excess. */
  get ja3s(): string | undefined {
    if (this.cut || this.malformed || this.extensions.excess) return undefined
    return ja3s(this.legacyVersion, this.cipher, this.extensions.types)
  }
}
