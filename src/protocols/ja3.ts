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

// One call gathers, writes and hashes at a time: a version, then each list behind its length.
const numbers = new Uint16Array(1 + 4 * (MAX_LISTED + 1))
const scratch = Buffer.alloc(4 * MAX_LISTED * 6 + 16)
const digests = new Digests('md5', 32, write)
const COMMA = 0x2c
const DASH = 0x2d

/**
 * JA3 of a ClientHello: MD5 in lower-case hexadecimal of
 * `version,ciphers,extensions,groups,point formats` in decimal, joined by `-` (salesforce/ja3).
 * Undefined when a list is longer than MAX_LISTED.
 */
export function ja3(hello: Ja3Input): string | undefined {
  const length = gather(hello)
  return length === undefined ? undefined : digests.of(numbers, length)
}

/** The text that JA3 hashes. */
export function ja3Text(hello: Ja3Input): string | undefined {
  const length = gather(hello)
  return length === undefined ? undefined : write(numbers, length).toString('latin1')
}

/**
 * JA3S of a ServerHello: MD5 of `version,cipher,extensions`. The extensions stand in the order of
 * the wire; servers send no GREASE, so nothing is left out.
 */
export function ja3s(version: number, cipher: number, extensions: readonly number[]): string {
  numbers[0] = version
  numbers[1] = 1
  numbers[2] = cipher
  numbers[3] = extensions.length
  numbers.set(extensions, 4)
  return digests.of(numbers, 4 + extensions.length)
}

function gather(hello: Ja3Input): number | undefined {
  const { ciphers, extensionTypes, groups, pointFormats } = hello
  const longest = Math.max(ciphers.length, extensionTypes.length, groups.length)
  if (longest > MAX_LISTED || pointFormats.length > MAX_LISTED) return undefined
  numbers[0] = hello.version
  let at = add(ciphers, 1)
  at = add(extensionTypes, at)
  at = add(groups, at)
  return add(pointFormats, at)
}

function add(list: readonly number[], from: number): number {
  let at = from + 1
  for (const value of list) if (!isGrease(value)) numbers[at++] = value
  numbers[from] = at - from - 1
  return at
}

function write(from: Uint16Array, length: number): Buffer {
  let out = decimal(from[0] ?? 0, 0)
  for (let at = 1; at < length; ) {
    const end = at + 1 + (from[at] ?? 0)
    scratch[out++] = COMMA
    for (let index = at + 1; index < end; index++) {
      if (index > at + 1) scratch[out++] = DASH
      out = decimal(from[index] ?? 0, out)
    }
    at = end
  }
  return scratch.subarray(0, out)
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
