import { hash } from 'node:crypto'
import { bufferOf } from './tls-bytes.ts'
import { children, type Element, elementAt, oidText, tag, tiles, timeText } from './x509-der.ts'
import { type PublicKey, readPublicKey, readSignature } from './x509-key.ts'
import { type DistinguishedName, readAlternativeNames, readName } from './x509-name.ts'

/** What a certificate says about itself; nothing here is verified. */
export interface Certificate {
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly alternativeNames: readonly string[]
  /** Upper-case hexadecimal without leading zero bytes. */
  readonly serialNumber: string | undefined
  /** 1, 2 or 3. */
  readonly version: number
  /** ISO 8601, UTC. */
  readonly notBefore: string | undefined
  readonly notAfter: string | undefined
  readonly publicKey: PublicKey
  readonly signatureAlgorithm: string | undefined
  /** Fingerprints over the DER bytes, upper-case hexadecimal as ECS wants them. */
  readonly sha1: string
  readonly sha256: string
  /** Issuer and subject are the same, and so are the key identifiers where there are any. */
  readonly selfSigned: boolean
  /** It is not built as RFC 5280 demands; the fields say what could be read all the same. */
  readonly malformed: boolean
}

/** Longest certificate that is read; a record layer cannot carry more than a few of that. */
export const MAX_CERTIFICATE = 65_536

/**
 * Decodes a DER certificate (RFC 5280 4.1). Never throws: a broken one gives what can be read, with
 * `malformed` set. The walk is ours: node's X509Certificate takes ten times as long (90 us), says
 * nothing at all of a broken certificate, and gives no parts of names; the tests hold us to it.
 */
export function decodeCertificate(der: Uint8Array): Certificate {
  return read(bufferOf(der), hash('sha256', der).toUpperCase())
}

function read(bytes: Buffer, sha256: string): Certificate {
  const outer = elementAt(bytes, 0, Math.min(bytes.length, MAX_CERTIFICATE))
  const [tbs] = children(bytes, outer)
  const fields = children(bytes, tbs)
  const explicit = fields[0]?.tag === EXPLICIT_0
  const parts = explicit ? fields.slice(1) : fields
  const [serial, signature, issuer, validity, subject, key] = parts
  const [from, to] = children(bytes, validity)
  const notBefore = timeText(bytes, from)
  const notAfter = timeText(bytes, to)
  const extensions = readExtensions(bytes, parts.slice(6))
  return {
    subject: readName(bytes, subject),
    issuer: readName(bytes, issuer),
    alternativeNames: readAlternativeNames(bytes, extensions.get('2.5.29.17')),
    serialNumber: serialText(bytes, serial),
    // [0] { INTEGER } counts from 0 and is absent in version 1.
    version: explicit ? (bytes[(fields[0]?.to ?? 0) - 1] ?? 0) + 1 : 1,
    notBefore,
    notAfter,
    publicKey: readPublicKey(bytes, key),
    signatureAlgorithm: readSignature(bytes, signature),
    sha1: hash('sha1', bytes).toUpperCase(),
    sha256,
    selfSigned: isSelfSigned(bytes, subject, issuer, extensions),
    malformed: !isWellFormed(bytes, outer, parts, [notBefore, notAfter]),
  }
}

const EXPLICIT_0 = 0xa0
const EXPLICIT_3 = 0xa3

/** Content of each extension by its object identifier; the first of equal ones counts. */
function readExtensions(bytes: Buffer, parts: readonly Element[]): Map<string, Element> {
  const found = new Map<string, Element>()
  const holder = parts.find(part => part.tag === EXPLICIT_3)
  const list = holder === undefined ? undefined : elementAt(bytes, holder.from, holder.to)
  for (const item of children(bytes, list)) {
    const fields = children(bytes, item)
    const oid = oidText(bytes, fields[0])
    const value = fields.at(-1)
    if (oid === undefined || value?.tag !== tag.octetString || found.has(oid)) continue
    const content = elementAt(bytes, value.from, value.to)
    if (content !== undefined) found.set(oid, content)
  }
  return found
}

function serialText(bytes: Buffer, serial: Element | undefined): string | undefined {
  if (serial?.tag !== tag.integer || serial.to === serial.from) return undefined
  let from = serial.from
  while (from < serial.to - 1 && bytes[from] === 0) from++
  return bytes.toString('hex', from, Math.min(serial.to, from + 64)).toUpperCase()
}

function isSelfSigned(
  bytes: Buffer,
  subject: Element | undefined,
  issuer: Element | undefined,
  extensions: ReadonlyMap<string, Element>,
): boolean {
  if (subject === undefined || issuer === undefined) return false
  if (!bytes.subarray(subject.from, subject.to).equals(bytes.subarray(issuer.from, issuer.to))) {
    return false
  }
  const own = extensions.get('2.5.29.14')
  const issuers = children(bytes, extensions.get('2.5.29.35')).find(part => part.tag === 0x80)
  if (own === undefined || issuers === undefined) return true
  return bytes.subarray(own.from, own.to).equals(bytes.subarray(issuers.from, issuers.to))
}

/**
 * Whether everything that RFC 5280 4.1 demands is there in its place: the three parts and nothing
 * behind them, and in the first serial number, signature, issuer, validity, subject and key.
 */
function isWellFormed(
  bytes: Buffer,
  outer: Element | undefined,
  parts: readonly Element[],
  validity: readonly (string | undefined)[],
): boolean {
  const [, algorithm, signature, more] = children(bytes, outer)
  const framed = outer?.to === bytes.length && more === undefined && tiles(bytes, 0, outer.to)
  const signed = algorithm?.tag === tag.sequence && signature?.tag === tag.bitString
  const placed = shape.every((kind, index) => parts[index]?.tag === kind)
  return framed && signed && placed && !validity.includes(undefined)
}

const { integer, sequence } = tag
const shape = [integer, sequence, sequence, sequence, sequence, sequence]

// The few that are longer are decoded each time, so that the cache's memory stays bounded.
const MAX_REMEMBERED = 8192

/** Decoded certificates by their bytes: a server shows the same one to every client. */
export class CertificateCache {
  readonly #known = new Map<string, Certificate>()
  readonly #limit: number

  /** Holds at most `limit` certificates; the oldest goes first. */
  constructor(limit = 2048) {
    this.#limit = limit
  }

  get size(): number {
    return this.#known.size
  }

  /** The decoded certificate, from memory where its SHA-256 is known. */
  get(der: Uint8Array): Certificate {
    const sha256 = hash('sha256', der).toUpperCase()
    const known = this.#known.get(sha256)
    if (known !== undefined) return known
    const certificate = read(bufferOf(der), sha256)
    if (der.length <= MAX_REMEMBERED) this.#remember(sha256, certificate)
    return certificate
  }

  #remember(sha256: string, certificate: Certificate): void {
    if (this.#known.size >= this.#limit) {
      const { value } = this.#known.keys().next()
      if (value !== undefined) this.#known.delete(value)
    }
    this.#known.set(sha256, certificate)
  }
}
