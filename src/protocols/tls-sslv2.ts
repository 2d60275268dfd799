import { u16, u24 } from './tls-bytes.ts'

/**
 * The SSLv2 ClientHello, also in use to offer SSLv3 and TLS (RFC 5246 E.2): u16 length with the
 * high bit set, u8 type 1, u16 version, u16 length of the cipher specifications, u16 of the session
 * id, u16 of the challenge, then those. It has no fingerprint: JA3 and JA4 are not defined for it.
 */
export interface Sslv2ClientHello {
  /** Highest version offered: 0x0002, 0x0300, 0x0301… */
  readonly version: number
  /** Three-byte specifications; those up to 0xffff are suites of TLS. */
  readonly cipherSpecs: readonly number[]
  readonly sessionIdLength: number
  readonly challengeLength: number
  readonly cut: boolean
}

/**
 * The SSLv2 ServerHello: u16 length, u8 type 4, u8 session id hit, u8 certificate type,
 * u16 version, u16 lengths of certificate, cipher specifications and connection id, then those.
 */
export interface Sslv2ServerHello {
  readonly version: number
  readonly resumed: boolean
  readonly cipherSpecs: readonly number[]
  readonly certificate: Uint8Array | undefined
  readonly cut: boolean
}

/** Bytes of the whole message with its header, or undefined when these are not SSLv2's. */
export function sslv2Length(bytes: Uint8Array, type: 1 | 4): number | undefined {
  if (((bytes[0] ?? 0) & 0x80) === 0 || bytes[2] !== type) return undefined
  const length = (u16(bytes, 0) & 0x7fff) + 2
  const fits = type === 1 ? clientFits(bytes, length) : serverFits(bytes, length)
  return fits ? length : undefined
}

// Two bytes of length and a type are little to go by, so all the lengths have to agree.
function clientFits(bytes: Uint8Array, length: number): boolean {
  const version = u16(bytes, 3)
  const specs = u16(bytes, 5)
  const session = u16(bytes, 7)
  const challenge = u16(bytes, 9)
  const known = version === 0x0002 || (version >= 0x0300 && version <= 0x0304)
  const sizes = specs > 0 && specs % 3 === 0 && challenge >= 16 && challenge <= 32
  return known && sizes && session <= 32 && 11 + specs + session + challenge === length
}

function serverFits(bytes: Uint8Array, length: number): boolean {
  const sizes = u16(bytes, 7) + u16(bytes, 9) + u16(bytes, 11)
  const specs = u16(bytes, 9)
  return u16(bytes, 5) === 0x0002 && specs % 3 === 0 && 13 + sizes === length
}

/** The client's hello, or undefined when the bytes are no SSLv2 hello. */
export function decodeSslv2Client(bytes: Uint8Array): Sslv2ClientHello | undefined {
  const length = sslv2Length(bytes, 1)
  if (length === undefined) return undefined
  return {
    version: u16(bytes, 3),
    cipherSpecs: specs(bytes, 11, 11 + u16(bytes, 5)),
    sessionIdLength: u16(bytes, 7),
    challengeLength: u16(bytes, 9),
    cut: bytes.length < length,
  }
}

/** The server's hello, or undefined when the bytes are no SSLv2 hello. */
export function decodeSslv2Server(bytes: Uint8Array): Sslv2ServerHello | undefined {
  const length = sslv2Length(bytes, 4)
  if (length === undefined) return undefined
  const certificateEnd = 13 + u16(bytes, 7)
  const whole = certificateEnd > 13 && certificateEnd <= bytes.length
  return {
    version: u16(bytes, 5),
    resumed: bytes[3] === 1,
    cipherSpecs: specs(bytes, certificateEnd, certificateEnd + u16(bytes, 9)),
    certificate: whole ? bytes.subarray(13, certificateEnd) : undefined,
    cut: bytes.length < length,
  }
}

const MAX_SPECS = 512

function specs(bytes: Uint8Array, from: number, to: number): number[] {
  const list: number[] = []
  const end = Math.min(to, bytes.length, from + 3 * MAX_SPECS)
  for (let at = from; at + 3 <= end; at += 3) list.push(u24(bytes, at))
  return list
}
