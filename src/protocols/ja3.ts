import { Digests } from './digests.ts'
import { isGrease } from './tls-bytes.ts'

/**
 * Longest list that enters a fingerprint; beyond it there is none, so that cost stays bounded. All
 * suites that IANA ever registered are 364.
 */
export const MAX_LISTED = 400

/** What JA3 is made of: numbers in the order of the wire, GREASE included (it is left out here). */
export interface Ja3Input {
  /** The legacy version field, not `supported_versions`. */
  readonly version: number
  readonly ciphers: readonly number[]
  readonly extensionTypes: readonly number[]
  readonly groups: readonly number[]
  readonly pointFormats: readonly number[]
}

// One call writes and hashes at a time; 4 lists of MAX_LISTED numbers of up to 6 characters fit.
const scratch = Buffer.alloc(4 * MAX_LISTED * 6 + 16)
const digests = new Digests('md5')
const COMMA = 0x2c
const DASH = 0x2d

/**
 * JA3 of a ClientHello: MD5 in lower-case hexadecimal of
 * `version,ciphers,extensions,groups,point formats` in decimal, joined by `-` (salesforce/ja3).
 * Undefined when a list is longer than MAX_LISTED.
 */
export function ja3(hello: Ja3Input): string | undefined {
  const length = writeJa3(hello)
  return length === undefined ? undefined : digests.of(scratch, length)
}

/** The text that JA3 hashes. */
export function ja3Text(hello: Ja3Input): string | undefined {
  const length = writeJa3(hello)
  return length === undefined ? undefined : scratch.toString('latin1', 0, length)
}

/**
 * JA3S of a ServerHello: MD5 of `version,cipher,extensions`. The extensions stand in the order of
 * the wire; servers send no GREASE, so nothing is left out.
 */
export function ja3s(version: number, cipher: number, extensions: readonly number[]): string {
  const length = scratch.write(`${version},${cipher},${extensions.join('-')}`, 'latin1')
  return digests.of(scratch, length)
}

function writeJa3(hello: Ja3Input): number | undefined {
  const { ciphers, extensionTypes, groups, pointFormats } = hello
  const longest = Math.max(ciphers.length, extensionTypes.length, groups.length)
  if (longest > MAX_LISTED || pointFormats.length > MAX_LISTED) return undefined
  let at = decimal(hello.version, 0)
  at = decimals(ciphers, at)
  at = decimals(extensionTypes, at)
  at = decimals(groups, at)
  return decimals(pointFormats, at)
}

function decimals(list: readonly number[], from: number): number {
  scratch[from] = COMMA
  let at = from + 1
  for (const value of list) {
    if (isGrease(value)) continue
    if (at > from + 1) scratch[at++] = DASH
    at = decimal(value, at)
  }
  return at
}

function decimal(value: number, from: number): number {
  let digits = 1
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) digits++
  let rest = value
  for (let at = from + digits - 1; at >= from; at--) {
    scratch[at] = 0x30 + (rest % 10)
    rest = (rest / 10) | 0
  }
  return from + digits
}
