import { children, type Element, oidText, stringText, tag } from './x509-der.ts'

/** A distinguished name: its text in the order of the certificate, and its common parts. */
export interface DistinguishedName {
  /** As ECS shows it: `C=US, O=Example, Inc., CN=example.com`. */
  readonly text: string
  readonly commonName: readonly string[]
  readonly country: readonly string[]
  readonly locality: readonly string[]
  readonly organization: readonly string[]
  readonly organizationalUnit: readonly string[]
  readonly stateOrProvince: readonly string[]
}

// RFC 4519 and RFC 2985 short names; other types keep their number.
const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.15', 'businessCategory'],
  ['2.5.4.17', 'postalCode'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['1.3.6.1.4.1.311.60.2.1.1', 'jurisdictionL'],
  ['1.3.6.1.4.1.311.60.2.1.2', 'jurisdictionST'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionC'],
])

const MAX_PARTS = 64

/** Reads a Name: SEQUENCE of SET of SEQUENCE { type, value } (RFC 5280 4.1.2.4). */
export function readName(bytes: Buffer, name: Element | undefined): DistinguishedName {
  const parts: [string, string][] = []
  for (const set of children(bytes, name, tag.sequence, MAX_PARTS)) {
    for (const attribute of children(bytes, set, tag.set, MAX_PARTS)) {
      const [type, value] = children(bytes, attribute)
      const oid = oidText(bytes, type)
      if (oid === undefined || value === undefined || parts.length === MAX_PARTS) continue
      parts.push([shortNames.get(oid) ?? oid, stringText(bytes, value)])
    }
  }
  const of = (type: string) => parts.filter(part => part[0] === type).map(part => part[1])
  return {
    text: parts.map(part => part.join('=')).join(', '),
    commonName: of('CN'),
    country: of('C'),
    locality: of('L'),
    organization: of('O'),
    organizationalUnit: of('OU'),
    stateOrProvince: of('ST'),
  }
}

const MAX_NAMES = 256

/**
 * Names of a subjectAltName extension: DNS names, e-mail addresses, URIs and IP addresses
 * (RFC 5280 4.2.1.6); `value` is the extension's content.
 */
export function readAlternativeNames(bytes: Buffer, value: Element | undefined): string[] {
  const names: string[] = []
  for (const { tag: kind, from, to } of children(bytes, value, tag.sequence, MAX_NAMES)) {
    if (kind === 0x81 || kind === 0x82 || kind === 0x86)
      names.push(bytes.toString('utf8', from, to))
    else if (kind === 0x87) names.push(ipText(bytes, from, to))
  }
  return names
}

function ipText(bytes: Buffer, from: number, to: number): string {
  const octets = bytes.subarray(from, to)
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return octets.toString('hex')
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(octets.readUInt16BE(at))
  return compress(groups)
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`, the first of equal ones. */
function compress(groups: readonly number[]): string {
  let best = 0
  let length = 1
  for (let start = 0; start < groups.length; start++) {
    let end = start
    while (groups[end] === 0) end++
    if (end - start > length) {
      best = start
      length = end - start
    }
  }
  const text = (part: readonly number[]) => part.map(group => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, best))}::${text(groups.slice(best + length))}`
}
