import { ja3, MAX_LISTED } from './ja3.ts'
import { type Ja4Transport, ja4, ja4Raw } from './ja4.ts'
import { bufferOf, isGrease, u8List, u16, u16List } from './tls-bytes.ts'
import { alpnNames, Extensions, extension } from './tls-extensions.ts'

/**
 * A ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2, RFC 6101 5.6.1.2):
 * u16 version, 32 random bytes, u8 + session id, u16 + cipher suites, u8 + compression methods,
 * u16 + extensions (absent in old ones).
 *
 * Only the layout is read at once; every list and text is made when somebody asks for it, from the
 * bytes given, which must not change while the object is in use.
 */
export class ClientHello {
  readonly transport: Ja4Transport
  /** The legacy version field: 0x0303 in TLS 1.3 too. */
  readonly version: number
  readonly sessionIdLength: number
  readonly extensions = new Extensions()
  /** Bytes of the message are missing: its lists may be shorter than they were. */
  readonly cut: boolean
  /** A length inside does not fit the message. */
  readonly malformed: boolean
  /** More cipher suites or extensions than are looked at; there are no fingerprints then. */
  readonly excess: boolean
  readonly #bytes: Buffer
  readonly #ciphers: readonly [from: number, to: number]
  readonly #compression: readonly [from: number, to: number]
  #suites: readonly number[] | undefined
  #ja3: string | undefined
  #ja4: string | undefined
  #serverName: string | undefined

  constructor(body: Uint8Array, length: number, transport: Ja4Transport) {
    const bytes = bufferOf(body)
    const complete = bytes.length >= length
    this.#bytes = bytes
    this.transport = transport
    this.version = u16(bytes, 0)
    this.sessionIdLength = bytes[34] ?? 0
    let at = 35 + this.sessionIdLength
    // DTLS has a cookie between the session id and the suites (RFC 6347 4.2.1).
    if (transport === 'd') at += 1 + (bytes[at] ?? 0)
    const ciphersEnd = at + 2 + u16(bytes, at)
    this.#ciphers = clip(at + 2, ciphersEnd, bytes.length)
    const compressionEnd = ciphersEnd + 1 + (bytes[ciphersEnd] ?? 0)
    this.#compression = clip(ciphersEnd + 1, compressionEnd, bytes.length)
    const overrun = this.#readExtensions(compressionEnd, length)
    this.cut = !complete
    this.malformed = complete && (overrun || compressionEnd > length)
    this.excess = this.extensions.excess || ciphersEnd - at - 2 > 2 * MAX_LISTED
  }

  #readExtensions(at: number, length: number): boolean {
    const bytes = this.#bytes
    if (at + 2 > bytes.length) return false
    const end = at + 2 + u16(bytes, at)
    this.extensions.read(bytes, at + 2, end)
    return end > length || this.extensions.truncated
  }

  /** Extension numbers in the order sent, GREASE included. */
  get extensionTypes(): readonly number[] {
    return this.extensions.types
  }

  /** Suites in the order offered, GREASE included. */
  get ciphers(): readonly number[] {
    const [from, to] = this.#ciphers
    this.#suites ??= u16List(this.#bytes, from, Math.min(to, from + 2 * MAX_LISTED + 2))
    return this.#suites
  }

  get sessionId(): string {
    return this.#bytes.toString('hex', 35, 35 + this.sessionIdLength)
  }

  get random(): string {
    return this.#bytes.toString('hex', 2, 34)
  }

  /** Compression methods: 0 null, 1 DEFLATE. */
  get compressionMethods(): readonly number[] {
    return u8List(this.#bytes, ...this.#compression)
  }

  /** Host name asked for (RFC 6066 3), as on the wire; undefined without one or when it is cut. */
  get serverName(): string | undefined {
    this.#serverName ??= this.#readServerName() ?? ''
    return this.#serverName === '' ? undefined : this.#serverName
  }

  #readServerName(): string | undefined {
    const bytes = this.#bytes
    const found = this.extensions.find(extension.serverName)
    // u16 list length, u8 type (0 = host name), u16 length, name.
    if (found === undefined || found[1] - found[0] < 6 || bytes[found[0] + 2] !== 0)
      return undefined
    const from = found[0] + 5
    const to = from + u16(bytes, from - 2)
    return to > found[1] || to === from ? undefined : bytes.toString('utf8', from, to)
  }

  /** Protocols offered, without GREASE. */
  get alpn(): readonly string[] {
    return this.#alpnNames().filter(name => !isGreaseName(name))
  }

  get firstAlpn(): string | undefined {
    return this.#alpnNames(1)[0]
  }

  #alpnNames(max?: number): string[] {
    return alpnNames(this.#bytes, this.extensions.list(this.#bytes, extension.alpn, 2), max)
  }

  get supportedVersions(): readonly number[] {
    return this.#numbers(extension.supportedVersions, 1)
  }

  /** Highest version offered, GREASE aside. */
  get highestVersion(): number {
    let highest = -1
    for (const version of this.supportedVersions) {
      if (!isGrease(version) && version > highest) highest = version
    }
    return highest < 0 ? this.version : highest
  }

  get groups(): readonly number[] {
    return this.#numbers(extension.groups, 2)
  }

  get signatureAlgorithms(): readonly number[] {
    return this.#numbers(extension.signatureAlgorithms, 2)
  }

  get pointFormats(): readonly number[] {
    const found = this.extensions.list(this.#bytes, extension.pointFormats, 1)
    return found === undefined ? [] : u8List(this.#bytes, ...found)
  }

  #numbers(type: number, prefix: 1 | 2): readonly number[] {
    const found = this.extensions.list(this.#bytes, type, prefix)
    if (found === undefined) return []
    return u16List(this.#bytes, found[0], Math.min(found[1], found[0] + 2 * MAX_LISTED + 2))
  }

  /** Groups with a key share in this hello (RFC 8446 4.2.8), GREASE included. */
  get keyShares(): readonly number[] {
    const groups: number[] = []
    const found = this.extensions.list(this.#bytes, extension.keyShare, 2)
    if (found === undefined) return groups
    for (let at = found[0]; at + 4 <= found[1] && groups.length < MAX_LISTED; ) {
      groups.push(u16(this.#bytes, at))
      at += 4 + u16(this.#bytes, at + 2)
    }
    return groups
  }

  /** Some reserved value of RFC 8701 is among the suites or extensions. */
  get grease(): boolean {
    return this.extensions.types.some(isGrease) || this.ciphers.some(isGrease)
  }

  /** Encrypted ClientHello (outer form, 0xfe0d) or its predecessor ESNI; GREASE ECH looks the same. */
  get ech(): boolean {
    const { extensions } = this
    return (
      extensions.has(extension.encryptedClientHello) ||
      extensions.has(extension.encryptedServerName)
    )
  }

  /** Offers to resume by a pre-shared key (TLS 1.3). */
  get preSharedKey(): boolean {
    return this.extensions.has(extension.preSharedKey)
  }

  get earlyData(): boolean {
    return this.extensions.has(extension.earlyData)
  }

  /** Bytes of the session ticket (RFC 5077); 0 = asks for one, undefined = no such extension. */
  get sessionTicketLength(): number | undefined {
    const found = this.extensions.find(extension.sessionTicket)
    return found === undefined ? undefined : found[1] - found[0]
  }

  get extendedMasterSecret(): boolean {
    return this.extensions.has(extension.extendedMasterSecret)
  }

  /** Body of quic_transport_parameters (RFC 9001 8.2), of v1 or of the drafts. */
  get quicParameters(): Uint8Array | undefined {
    const { extensions } = this
    const found =
      extensions.find(extension.quicParameters) ?? extensions.find(extension.quicParametersDraft)
    return found === undefined ? undefined : this.#bytes.subarray(...found)
  }

  /** JA3 in hexadecimal; undefined when the hello is cut, malformed or in excess. */
  get ja3(): string | undefined {
    if (this.#ja3 === undefined && this.#whole) this.#ja3 = ja3(this)
    return this.#ja3
  }

  /** JA4; undefined when the hello is cut, malformed or in excess. */
  get ja4(): string | undefined {
    if (this.#ja4 === undefined && this.#whole) this.#ja4 = ja4(this)
    return this.#ja4
  }

  /** JA4_r, the unhashed form. */
  get ja4Raw(): string | undefined {
    return this.#whole ? ja4Raw(this) : undefined
  }

  get #whole(): boolean {
    return !(this.cut || this.malformed || this.excess)
  }
}

function clip(from: number, to: number, length: number): readonly [number, number] {
  return [Math.min(from, length), Math.min(to, length)]
}

/** RFC 8701 4: an ALPN name of two equal bytes 0x?A. */
function isGreaseName(name: string): boolean {
  return name.length === 2 && isGrease((name.charCodeAt(0) << 8) | name.charCodeAt(1))
}
