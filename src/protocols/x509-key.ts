import { children, type Element, elementAt, oidText, tag } from './x509-der.ts'

/** Kind and size of a public key. */
export interface PublicKey {
  /** `RSA`, `ECDSA`, `DSA`, `Ed25519`…, or the object identifier. */
  readonly algorithm: string | undefined
  /** Bits of the modulus, of the prime or of the curve. */
  readonly size: number | undefined
  readonly curve: string | undefined
  /** RSA exponent where a number can hold it. */
  readonly exponent: number | undefined
}

const algorithms: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'RSA'],
  ['1.2.840.113549.1.1.10', 'RSA'],
  ['1.2.840.10040.4.1', 'DSA'],
  ['1.2.840.10046.2.1', 'DH'],
  ['1.2.840.10045.2.1', 'ECDSA'],
  ['1.3.101.110', 'X25519'],
  ['1.3.101.111', 'X448'],
  ['1.3.101.112', 'Ed25519'],
  ['1.3.101.113', 'Ed448'],
  ['1.2.643.7.1.1.1.1', 'GOST-2012-256'],
  ['1.2.643.7.1.1.1.2', 'GOST-2012-512'],
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
])

const fixedSizes: ReadonlyMap<string, number> = new Map([
  ['X25519', 253],
  ['Ed25519', 253],
  ['X448', 448],
  ['Ed448', 456],
])

// The NIST curves as in ECS' example, the others by their own names.
const curves: ReadonlyMap<string, readonly [name: string, bits: number]> = new Map([
  ['1.2.840.10045.3.1.1', ['nistp192', 192]],
  ['1.3.132.0.33', ['nistp224', 224]],
  ['1.2.840.10045.3.1.7', ['nistp256', 256]],
  ['1.3.132.0.34', ['nistp384', 384]],
  ['1.3.132.0.35', ['nistp521', 521]],
  ['1.3.132.0.10', ['secp256k1', 256]],
  ['1.3.36.3.3.2.8.1.1.7', ['brainpoolP256r1', 256]],
  ['1.3.36.3.3.2.8.1.1.11', ['brainpoolP384r1', 384]],
  ['1.3.36.3.3.2.8.1.1.13', ['brainpoolP512r1', 512]],
  ['1.2.156.10197.1.301', ['sm2p256v1', 256]],
])

/** Reads a SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { oid, parameters }, BIT STRING }. */
export function readPublicKey(bytes: Buffer, info: Element | undefined): PublicKey {
  const [algorithm, key] = children(bytes, info)
  const [type, parameters] = children(bytes, algorithm)
  const oid = oidText(bytes, type)
  const name = oid === undefined ? undefined : (algorithms.get(oid) ?? oid)
  const none = { algorithm: name, size: undefined, curve: undefined, exponent: undefined }
  if (name === 'RSA') return { ...none, ...rsa(bytes, key) }
  if (name === 'DSA') return { ...none, size: bits(bytes, children(bytes, parameters)[0]) }
  if (name !== 'ECDSA') return { ...none, size: fixedSizes.get(name ?? '') }
  const curve = oidText(bytes, parameters)
  const [curveName = curve, size] = curves.get(curve ?? '') ?? []
  return { ...none, curve: curveName, size }
}

/** RSAPublicKey in the bit string, behind its count of unused bits: SEQUENCE { modulus, exponent }. */
function rsa(bytes: Buffer, key: Element | undefined): Partial<PublicKey> {
  if (key?.tag !== tag.bitString) return {}
  const [modulus, exponent] = children(bytes, elementAt(bytes, key.from + 1, key.to))
  return { size: bits(bytes, modulus), exponent: smallInteger(bytes, exponent) }
}

function bits(bytes: Buffer, integer: Element | undefined): number | undefined {
  if (integer?.tag !== tag.integer) return undefined
  let at = integer.from
  while (at < integer.to && bytes[at] === 0) at++
  const first = bytes[at] ?? 0
  return at === integer.to ? 0 : (integer.to - at - 1) * 8 + 32 - Math.clz32(first)
}

function smallInteger(bytes: Buffer, integer: Element | undefined): number | undefined {
  const size = bits(bytes, integer)
  if (integer === undefined || size === undefined || size > 53) return undefined
  let value = 0
  for (let at = integer.from; at < integer.to; at++) value = value * 256 + (bytes[at] ?? 0)
  return value
}

const signatures: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'MD2-RSA'],
  ['1.2.840.113549.1.1.4', 'MD5-RSA'],
  ['1.2.840.113549.1.1.5', 'SHA1-RSA'],
  ['1.3.14.3.2.29', 'SHA1-RSA'],
  ['1.2.840.113549.1.1.14', 'SHA224-RSA'],
  ['1.2.840.113549.1.1.11', 'SHA256-RSA'],
  ['1.2.840.113549.1.1.12', 'SHA384-RSA'],
  ['1.2.840.113549.1.1.13', 'SHA512-RSA'],
  ['1.2.840.10040.4.3', 'DSA-SHA1'],
  ['2.16.840.1.101.3.4.3.2', 'DSA-SHA256'],
  ['1.2.840.10045.4.1', 'ECDSA-SHA1'],
  ['1.2.840.10045.4.3.1', 'ECDSA-SHA224'],
  ['1.2.840.10045.4.3.2', 'ECDSA-SHA256'],
  ['1.2.840.10045.4.3.3', 'ECDSA-SHA384'],
  ['1.2.840.10045.4.3.4', 'ECDSA-SHA512'],
  ['1.2.156.10197.1.501', 'SM2-SM3'],
])

const pssHashes: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA384'],
  ['2.16.840.1.101.3.4.2.3', 'SHA512'],
])

/** Signature algorithm as in ECS' example (`SHA256-RSA`), or its object identifier. */
export function readSignature(bytes: Buffer, algorithm: Element | undefined): string | undefined {
  const [type, parameters] = children(bytes, algorithm)
  const oid = oidText(bytes, type)
  if (oid === undefined) return undefined
  if (oid !== '1.2.840.113549.1.1.10') return signatures.get(oid) ?? algorithms.get(oid) ?? oid
  // RFC 4055 3.1: [0] hash algorithm, SHA-1 when absent.
  const [hash] = children(bytes, parameters)
  const inner = hash?.tag === 0xa0 ? elementAt(bytes, hash.from, hash.to) : undefined
  return `${pssHashes.get(oidText(bytes, children(bytes, inner)[0]) ?? '') ?? 'SHA1'}-RSAPSS`
}
