import { concat, fill, noise, raw, u8, u16, u24 } from './bytes.ts'
import { type CertificateOptions, certificate } from './x509.ts'

/** TLS record types. */
export const HANDSHAKE = 22
export const CHANGE_CIPHER_SPEC = 20
export const APPLICATION_DATA = 23

/** What a ClientHello says; lists are in the order of the wire. */
export interface ClientHelloOptions {
  readonly sni?: string
  readonly alpn?: readonly string[]
  /** supported_versions; none for TLS 1.2 and older. */
  readonly versions?: readonly number[]
  readonly legacyVersion?: number
  readonly ciphers?: readonly number[]
  readonly groups?: readonly number[]
  readonly signatures?: readonly number[]
  /** Group and length of each key share. */
  readonly keyShares?: readonly (readonly [group: number, length: number])[]
  /** Encrypted ClientHello (grease) of this many bytes. */
  readonly ech?: number
  /** Extensions at the very end, or before the SNI with `first`. */
  readonly more?: readonly Uint8Array[]
  readonly first?: readonly Uint8Array[]
  readonly session?: number
  readonly grease?: boolean
}

const GREASE = 0x2a2a

/** ClientHello as a handshake message, without record header. */
export function clientHello(options: ClientHelloOptions = {}): Uint8Array {
  const grease = options.grease ? [GREASE] : []
  const ciphers = [...grease, ...(options.ciphers ?? [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f])]
  const body = concat(
    u16(options.legacyVersion ?? 0x0303),
    noise(32, 7),
    vector8(noise(options.session ?? 32, 8)),
    vector16(u16(...ciphers)),
    u8(1, 0),
    vector16(concat(...extensions(options, grease))),
  )
  return handshake(1, body)
}

function extensions(options: ClientHelloOptions, grease: readonly number[]): Uint8Array[] {
  const { sni, alpn, keyShares, ech } = options
  const versions = options.versions ?? [0x0304, 0x0303]
  const groups = options.groups ?? keyShares?.map(([group]) => group) ?? [29, 23, 24]
  const signatures = options.signatures ?? [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501]
  const list = [
    ...grease.map(type => extension(type, u8())),
    ...(options.first ?? []),
    ...(sni === undefined ? [] : [extension(0, vector16(concat(u8(0), vector16(raw(sni)))))]),
    extension(23, u8()),
    extension(10, vector16(u16(...grease, ...groups))),
    extension(11, vector8(u8(0))),
    ...(alpn ? [extension(16, vector16(concat(...alpn.map(name => vector8(raw(name))))))] : []),
    extension(5, u8(1, 0, 0, 0, 0)),
    extension(13, vector16(u16(...signatures))),
  ]
  if (versions.length > 0) list.push(extension(43, vector8(u16(...grease, ...versions))))
  if (versions.includes(0x0304)) list.push(extension(45, vector8(u8(1))), keyShare(keyShares))
  if (ech)
    list.push(extension(0xfe0d, concat(u8(0), u16(1, 1), u8(3), noise(Math.max(0, ech - 6), 9))))
  return [...list, ...(options.more ?? [])]
}

function keyShare(shares: readonly (readonly [number, number])[] = [[29, 32]]): Uint8Array {
  const entries = shares.map(([group, length]) =>
    concat(u16(group), vector16(noise(length, group))),
  )
  return extension(51, vector16(concat(...entries)))
}

/** One TLS extension. */
export function extension(type: number, content: Uint8Array): Uint8Array {
  return concat(u16(type), vector16(content))
}

/** ClientHello as browsers send it since 2024: X25519MLKEM768 and ECH, about 1.8 KB. */
export function postQuantumHello(
  sni = 'pq.example.com',
  options: ClientHelloOptions = {},
): Uint8Array {
  return clientHello({
    sni,
    alpn: ['h2', 'http/1.1'],
    grease: true,
    keyShares: [
      [GREASE, 1],
      [0x11ec, 1216],
      [29, 32],
    ],
    groups: [0x11ec, 29, 23, 24],
    ech: 282,
    ...options,
  })
}

/** ClientHello of about 11 KB: a session ticket as large as some proxies make them. */
export function bigHello(sni = 'big.example.com', options: ClientHelloOptions = {}): Uint8Array {
  const ticket = extension(35, noise(9000, 3))
  return postQuantumHello(sni, { ...options, first: [ticket], more: [extension(21, fill(400))] })
}

/** ClientHello in an SSLv2 record, as old clients sent it (RFC 5246 E.2). */
export function ssl2Hello(
  ciphers: readonly number[] = [0x0039, 0x0035, 0x000a],
  version = 0x0301,
): Uint8Array {
  const specs = concat(...ciphers.map(u24))
  const body = concat(u8(1), u16(version, specs.length, 0, 16), specs, noise(16, 5))
  return concat(u16(0x8000 | body.length), body)
}

/** What a ServerHello says. */
export interface ServerHelloOptions {
  readonly cipher?: number
  readonly legacyVersion?: number
  /** supported_versions; 0x0304 for TLS 1.3. */
  readonly version?: number
  readonly alpn?: string
  readonly more?: readonly Uint8Array[]
}

/** ServerHello as a handshake message. */
export function serverHello(options: ServerHelloOptions = {}): Uint8Array {
  const { version, alpn } = options
  const list = [extension(0xff01, u8(0))]
  if (alpn) list.push(extension(16, vector16(vector8(raw(alpn)))))
  if (version)
    list.push(extension(43, u16(version)), extension(51, concat(u16(29), vector16(noise(32, 4)))))
  const body = concat(
    u16(options.legacyVersion ?? 0x0303),
    noise(32, 6),
    vector8(noise(32, 8)),
    u16(options.cipher ?? 0xc02f),
    u8(0),
    vector16(concat(...list, ...(options.more ?? []))),
  )
  return handshake(2, body)
}

/** Certificate message of TLS 1.2 and older: one DER certificate for each description. */
export function certificateMessage(chain: readonly CertificateOptions[]): Uint8Array {
  const list = concat(...chain.map(options => vector24(certificate(options))))
  return handshake(11, vector24(list))
}

/** A server's flight up to TLS 1.2: ServerHello, Certificate, ServerKeyExchange, Done, in records. */
export function serverFlight(
  options: ServerHelloOptions & {
    readonly chain?: readonly CertificateOptions[]
    /** All messages in one record rather than one record for each. */
    readonly oneRecord?: boolean
  } = {},
): Uint8Array {
  const chain = options.chain ?? [{ subject: 'www.example.com' }, { subject: 'Example CA' }]
  const messages = [
    serverHello(options),
    certificateMessage(chain),
    handshake(12, noise(329, 12)),
    handshake(14, u8()),
  ]
  if (options.oneRecord) return tlsRecords(concat(...messages))
  return concat(...messages.map(message => tlsRecords(message)))
}

/** How a side ends what it says in the clear up to TLS 1.2. */
export function changeCipherSpec(): Uint8Array {
  return tlsRecords(u8(1), { type: CHANGE_CIPHER_SPEC })
}

/** The same and an encrypted Finished. */
export function finished(): Uint8Array {
  return concat(changeCipherSpec(), tlsRecords(noise(40, 14)))
}

/** A handshake message: type and 24-bit length. */
export function handshake(type: number, body: Uint8Array): Uint8Array {
  return concat(u8(type), vector24(body))
}

/** Bytes in records of one type, cut at `cuts` and at 16 KiB. */
export function tlsRecords(
  bytes: Uint8Array,
  options: {
    readonly type?: number
    readonly version?: number
    readonly cuts?: readonly number[]
  } = {},
): Uint8Array {
  const limits = Array.from({ length: Math.floor(bytes.length / 16384) }, (_, i) => (i + 1) * 16384)
  const inside = [...(options.cuts ?? []), ...limits].filter(cut => cut > 0 && cut < bytes.length)
  const ends = [...new Set(inside)].sort((a, b) => a - b)
  const records = [0, ...ends].map((from, i) =>
    concat(
      u8(options.type ?? HANDSHAKE),
      u16(options.version ?? 0x0301),
      vector16(bytes.subarray(from, ends[i])),
    ),
  )
  return concat(...records)
}

function vector8(content: Uint8Array): Uint8Array {
  return concat(u8(content.length), content)
}

function vector16(content: Uint8Array): Uint8Array {
  return concat(u16(content.length), content)
}

function vector24(content: Uint8Array): Uint8Array {
  return concat(u24(content.length), content)
}
