import { getDomain } from 'tldts'
import { IpAddress } from '../decode/address.ts'
import { type Certificate } from '../protocols/x509.ts'

/** What may be odd about a handshake, and what each is worth alone, 0 to 1. */
export const weights = {
  'self-signed': 0.35,
  expired: 0.35,
  'not-yet-valid': 0.4,
  'short-lived': 0.15,
  'valid-for-decades': 0.15,
  'just-made': 0.1,
  'default-names': 0.3,
  'other-name': 0.3,
  'no-server-name': 0.15,
  'address-as-name': 0.25,
  'resolved-as-other': 0.1,
  'odd-port': 0.3,
  'old-version': 0.2,
  'new-client': 0.2,
  'new-client-of-a-simple-device': 0.4,
} as const
export type TlsReason = keyof typeof weights

const day = 86_400 * 1e6
/** Names that programs which make certificates write by themselves. */
const defaultNames =
  /Internet Widgits|Default Company|Some-State|Major Cobalt Strike|cobaltstrike|metasploit|^CN=(localhost|example\.com|test|server)$/i

/** What is odd about a certificate at `time` (µs), shown by who was asked for `name`. */
export function certificateReasons(
  certificate: Certificate,
  name: string | undefined,
  time: number,
): TlsReason[] {
  const { selfSigned } = certificate
  const { from, until, isDefault } = readingOf(certificate)
  const life = until - from
  const reasons: TlsReason[] = []
  if (selfSigned) reasons.push('self-signed')
  if (until < time) reasons.push('expired')
  if (from > time) reasons.push('not-yet-valid')
  if (life < 5 * day) reasons.push('short-lived')
  if (life > 9 * 365 * day) reasons.push('valid-for-decades')
  // Public authorities sign new ones all day long; who signs his own made it for this.
  if (selfSigned && time - from < day && from <= time) reasons.push('just-made')
  if (isDefault) reasons.push('default-names')
  if (name !== undefined && !isFor(certificate, name)) reasons.push('other-name')
  return reasons
}

/** What is the same whenever the certificate is shown; times in µs, NaN where there is none. */
interface Reading {
  readonly from: number
  readonly until: number
  readonly isDefault: boolean
}

const readings = new WeakMap<Certificate, Reading>()

function readingOf(certificate: Certificate): Reading {
  const known = readings.get(certificate)
  if (known !== undefined) return known
  const { subject, issuer, notBefore, notAfter } = certificate
  const isDefault = defaultNames.test(subject.text) || defaultNames.test(issuer.text)
  const reading = { from: micros(notBefore), until: micros(notAfter), isDefault }
  readings.set(certificate, reading)
  return reading
}

/** What is odd about the name that a client said. */
export function nameReasons(
  name: string | undefined,
  resolved: string | undefined,
  isEncrypted: boolean,
): TlsReason[] {
  if (name === undefined) return isEncrypted ? [] : ['no-server-name']
  if (IpAddress.parse(name) !== undefined) return ['address-as-name']
  const isOther = resolved !== undefined && !isEncrypted && !isSameSite(name, resolved)
  return isOther ? ['resolved-as-other'] : []
}

/** How odd reasons are together: as if each were a chance of its own. */
export function together(reasons: readonly TlsReason[]): number {
  return 1 - reasons.reduce((left, reason) => left * (1 - weights[reason]), 1)
}

function isSameSite(one: string, other: string): boolean {
  return one === other || (getDomain(one) ?? one) === (getDomain(other) ?? other)
}

/** RFC 6125 6.4: one of the names, an asterisk being one label; the common name where there are none. */
function isFor({ alternativeNames, subject }: Certificate, name: string): boolean {
  const names = alternativeNames.length > 0 ? alternativeNames : subject.commonName
  if (names.length === 0) return true
  const wanted = name.toLowerCase()
  const rest = wanted.slice(wanted.indexOf('.'))
  return names.some(one => {
    const listed = one.toLowerCase()
    return listed === wanted || (listed.startsWith('*.') && listed.slice(1) === rest)
  })
}

function micros(iso: string | undefined): number {
  return iso === undefined ? Number.NaN : Date.parse(iso) * 1000
}

/** Who signed, without what an authority changes every year: its organisation, else all it says. */
export function signerOf({ issuer, selfSigned }: Certificate): string {
  const [organization] = issuer.organization
  if (selfSigned) return 'itself'
  return organization ?? (issuer.text || 'nobody')
}
