import { cipherNames } from './tls-ciphers.ts'

/** Cipher suite by its IANA name, or `0xCC13` for a number that is not in the registry. */
export function cipherName(suite: number): string {
  return cipherNames.get(suite) ?? hex(suite)
}

/** Cipher of an SSLv2 specification (three bytes); suites of TLS start with a zero byte there. */
export function cipherSpecName(spec: number): string {
  return sslv2Names.get(spec) ?? (spec <= 0xffff ? cipherName(spec) : hex(spec, 6))
}

const sslv2Names: ReadonlyMap<number, string> = new Map([
  [0x010080, 'SSL2_RC4_128_WITH_MD5'],
  [0x020080, 'SSL2_RC4_128_EXPORT40_WITH_MD5'],
  [0x030080, 'SSL2_RC2_128_CBC_WITH_MD5'],
  [0x040080, 'SSL2_RC2_128_CBC_EXPORT40_WITH_MD5'],
  [0x050080, 'SSL2_IDEA_128_CBC_WITH_MD5'],
  [0x060040, 'SSL2_DES_64_CBC_WITH_MD5'],
  [0x0700c0, 'SSL2_DES_192_EDE3_CBC_WITH_MD5'],
])

/** Named group (IANA "TLS Supported Groups"), or its number in hexadecimal. */
export function groupName(group: number): string {
  return groupNames.get(group) ?? hex(group)
}

// Consecutive numbers from 1: RFC 8422, RFC 7027, RFC 8446, RFC 8734, RFC 9189.
const CURVES =
  'sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 sect283k1 ' +
  'sect283r1 sect409k1 sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 secp160r2 secp192k1 ' +
  'secp192r1 secp224k1 secp224r1 secp256k1 secp256r1 secp384r1 secp521r1 brainpoolP256r1 ' +
  'brainpoolP384r1 brainpoolP512r1 x25519 x448 brainpoolP256r1tls13 brainpoolP384r1tls13 ' +
  'brainpoolP512r1tls13 GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2'

const groupNames: ReadonlyMap<number, string> = new Map([
  ...CURVES.split(' ').map((name, index): [number, string] => [index + 1, name]),
  [0x0100, 'ffdhe2048'],
  [0x0101, 'ffdhe3072'],
  [0x0102, 'ffdhe4096'],
  [0x0103, 'ffdhe6144'],
  [0x0104, 'ffdhe8192'],
  [0x0200, 'MLKEM512'],
  [0x0201, 'MLKEM768'],
  [0x0202, 'MLKEM1024'],
  [0x11eb, 'SecP256r1MLKEM768'],
  [0x11ec, 'X25519MLKEM768'],
  [0x11ed, 'SecP384r1MLKEM1024'],
  [0x4138, 'CECPQ2'],
  [0x6399, 'X25519Kyber768Draft00'],
  [0x639a, 'SecP256r1Kyber768Draft00'],
  [0xff01, 'arbitrary_explicit_prime_curves'],
  [0xff02, 'arbitrary_explicit_char2_curves'],
])

/** Numeric part of a version as ECS wants it: `1.2`, `3.0` for SSLv3; undefined when unknown. */
export function versionNumber(version: number): string | undefined {
  const known = versionNumbers.get(version)
  if (known !== undefined) return known
  // Drafts of TLS 1.3: 0x7fNN of the IETF (RFC 8446 4.2.1 history), 0xfbNN of Facebook's Fizz.
  return version >> 8 === 0x7f || version >> 8 === 0xfb ? '1.3' : undefined
}

const versionNumbers: ReadonlyMap<number, string> = new Map([
  [0x0002, '2.0'],
  [0x0300, '3.0'],
  [0x0301, '1.0'],
  [0x0302, '1.1'],
  [0x0303, '1.2'],
  [0x0304, '1.3'],
  [0xfeff, '1.0'],
  [0xfefd, '1.2'],
  [0xfefc, '1.3'],
])

/** `ssl` for SSL 2 and 3, `dtls` for datagram TLS, else `tls`. */
export function versionProtocol(version: number): 'ssl' | 'dtls' | 'tls' {
  if (version === 0x0002 || version === 0x0300) return 'ssl'
  return version >> 8 === 0xfe ? 'dtls' : 'tls'
}

/** Alert description of RFC 8446 section 6 and its predecessors, or `alert-NN`. */
export function alertName(description: number): string {
  return alertNames.get(description) ?? `alert-${description}`
}

const alertNames: ReadonlyMap<number, string> = new Map([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [21, 'decryption_failed'],
  [22, 'record_overflow'],
  [30, 'decompression_failure'],
  [40, 'handshake_failure'],
  [41, 'no_certificate'],
  [42, 'bad_certificate'],
  [43, 'unsupported_certificate'],
  [44, 'certificate_revoked'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [47, 'illegal_parameter'],
  [48, 'unknown_ca'],
  [49, 'access_denied'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [60, 'export_restriction'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [90, 'user_canceled'],
  [100, 'no_renegotiation'],
  [109, 'missing_extension'],
  [110, 'unsupported_extension'],
  [111, 'certificate_unobtainable'],
  [112, 'unrecognized_name'],
  [113, 'bad_certificate_status_response'],
  [114, 'bad_certificate_hash_value'],
  [115, 'unknown_psk_identity'],
  [116, 'certificate_required'],
  [120, 'no_application_protocol'],
  [121, 'ech_required'],
])

function hex(number: number, digits = 4): string {
  return `0x${number.toString(16).toUpperCase().padStart(digits, '0')}`
}
