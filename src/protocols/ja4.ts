// JA4 (TLS client fingerprint), Copyright (c) 2023 FoxIO, LLC, BSD 3-Clause. The other methods of
// the JA4+ suite are under another licence and are not built here.
import { Digests } from './digests.ts'
import { MAX_LISTED } from './ja3.ts'
import { isGrease } from './tls-bytes.ts'
import { extension } from './tls-extensions.ts'

/** What carries the hello: `t` TCP, `q` QUIC, `d` DTLS. */
export type Ja4Transport = 't' | 'q' | 'd'

/** What JA4 is made of: numbers in the order of the wire, GREASE included (it is left out here). */
export interface Ja4Input {
  readonly transport: Ja4Transport
  /** The legacy version field. */
  readonly version: number
  readonly supportedVersions: readonly number[]
  readonly ciphers: readonly number[]
  readonly extensionTypes: readonly number[]
  readonly signatureAlgorithms: readonly number[]
  /** First ALPN name, a character a byte; undefined without the extension. */
  readonly firstAlpn: string | undefined
}

const digests = new Digests('sha256', 12, write)
const EMPTY = '000000000000'
const SHORT = 32
const COMMA = 0x2c
const UNDERSCORE = 0x5f
// One call gathers, writes and hashes at a time: a length, so many sorted numbers, then unsorted ones.
const numbers = new Uint16Array(1 + 2 * MAX_LISTED)
const scratch = Buffer.alloc(2 * MAX_LISTED * 5 + 16)

/** JA4 of a ClientHello, as `t13d1516h2_8daaf6152771_e5627efa2ab1`; undefined: a list is too long. */
export function ja4(hello: Ja4Input): string | undefined {
  const { ciphers, extensionTypes, signatureAlgorithms } = hello
  if (tooLong(ciphers, extensionTypes, signatureAlgorithms)) return undefined
  const b = digest(gatherCiphers(ciphers))
  const c = digest(gatherExtensions(extensionTypes, signatureAlgorithms))
  return `${prefix(hello, ciphers, extensionTypes)}_${b}_${c}`
}

/** JA4_r: the lists themselves instead of their hashes. */
export function ja4Raw(hello: Ja4Input): string | undefined {
  const { ciphers, extensionTypes, signatureAlgorithms } = hello
  if (tooLong(ciphers, extensionTypes, signatureAlgorithms)) return undefined
  const b = write(numbers, gatherCiphers(ciphers)).toString('latin1')
  const length = gatherExtensions(extensionTypes, signatureAlgorithms)
  const c = write(numbers, length).toString('latin1')
  return `${prefix(hello, ciphers, extensionTypes)}_${b}_${c}`
}

type List = readonly number[]

function tooLong(ciphers: List, extensionTypes: List, signatures: List): boolean {
  return Math.max(ciphers.length, extensionTypes.length, signatures.length) > MAX_LISTED
}

/** Nothing left after SNI and ALPN: zeros, not the hash of an empty text. */
function digest(length: number): string {
  return length === 1 ? EMPTY : digests.of(numbers, length)
}

function prefix(hello: Ja4Input, ciphers: List, types: List): string {
  // The extension decides, not the name in it: an empty server_name still counts as `d`.
  const sni = types.includes(extension.serverName) ? 'd' : 'i'
  const counts = twoDigits(ciphers) + twoDigits(types)
  return hello.transport + versionCode(hello) + sni + counts + alpnCode(hello.firstAlpn)
}

function twoDigits(list: List): string {
  let count = 0
  for (const value of list) if (!isGrease(value)) count++
  return count > 99 ? '99' : count < 10 ? `0${count}` : `${count}`
}

const versionCodes: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
])

function versionCode({ version, supportedVersions, transport }: Ja4Input): string {
  let highest = -1
  for (const offered of supportedVersions) {
    if (isGrease(offered)) continue
    // DTLS counts its versions downwards.
    const higher = transport === 'd' ? offered < highest : offered > highest
    if (higher || highest < 0) highest = offered
  }
  return versionCodes.get(highest < 0 ? version : highest) ?? '00'
}

/** First and last character of the first name; of its hexadecimal form when one is no letter or digit. */
function alpnCode(firstAlpn: string | undefined): string {
  if (firstAlpn === undefined || firstAlpn.length === 0) return '00'
  const first = firstAlpn.charCodeAt(0)
  const last = firstAlpn.charCodeAt(firstAlpn.length - 1)
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last)
  return (first >> 4).toString(16) + (last & 15).toString(16)
}

function isAlphanumeric(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  )
}

function gatherCiphers(list: List): number {
  let count = 0
  for (const value of list) if (!isGrease(value)) numbers[++count] = value
  return sort(count)
}

function gatherExtensions(types: List, signatures: List): number {
  let count = 0
  for (const type of types) {
    if (isGrease(type) || type === extension.serverName || type === extension.alpn) continue
    numbers[++count] = type
  }
  let at = sort(count)
  // In the order of the wire.
  for (const scheme of signatures) if (!isGrease(scheme)) numbers[at++] = scheme
  return at
}

function sort(count: number): number {
  numbers[0] = count
  if (count > SHORT) numbers.subarray(1, count + 1).sort()
  else insertionSort(count)
  return count + 1
}

/** A typed array's own sort costs more than the whole fingerprint at the usual 15 numbers. */
function insertionSort(count: number): void {
  for (let index = 2; index <= count; index++) {
    const value = numbers[index] ?? 0
    let at = index
    for (; at > 1 && (numbers[at - 1] ?? 0) > value; at--) numbers[at] = numbers[at - 1] ?? 0
    numbers[at] = value
  }
}

/** Hexadecimal behind commas; an underscore before the unsorted ones, if there are any. */
function write(from: Uint16Array, length: number): Buffer {
  const sorted = from[0] ?? 0
  let out = 0
  for (let at = 1; at < length; at++) {
    if (at === sorted + 1) scratch[out++] = UNDERSCORE
    else if (at > 1) scratch[out++] = COMMA
    out = writeHex(from[at] ?? 0, out)
  }
  return scratch.subarray(0, out)
}

function writeHex(value: number, at: number): number {
  scratch[at] = hexDigit(value >> 12)
  scratch[at + 1] = hexDigit((value >> 8) & 15)
  scratch[at + 2] = hexDigit((value >> 4) & 15)
  scratch[at + 3] = hexDigit(value & 15)
  return at + 4
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}
