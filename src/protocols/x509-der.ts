/** One DER element: u8 tag, length, content (X.690 8.1); offsets into the certificate. */
export interface Element {
  readonly tag: number
  /** Where its tag stands. */
  readonly start: number
  /** Content is [from, to). */
  readonly from: number
  readonly to: number
}

export const tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/**
 * The element at `at`, or undefined when it does not fit before `limit`, has a tag of several bytes
 * or an indefinite length (DER allows neither here).
 */
export function elementAt(bytes: Uint8Array, at: number, limit: number): Element | undefined {
  const first = bytes[at + 1]
  const kind = bytes[at]
  if (kind === undefined || first === undefined || at + 2 > limit) return undefined
  if ((kind & 0x1f) === 0x1f || first === 0x80 || first > 0x83) return undefined
  const from = at + 2 + (first > 0x80 ? first & 0x7f : 0)
  let length = first > 0x80 ? 0 : first
  for (let index = at + 2; index < from; index++) length = length * 256 + (bytes[index] ?? 0)
  const to = from + length
  return to > limit || to > bytes.length ? undefined : { tag: kind, start: at, from, to }
}

/** The elements inside [from, to), at most `max`; it ends at the first that does not fit. */
export function elements(bytes: Uint8Array, from: number, to: number, max = 64): Element[] {
  const list: Element[] = []
  let at = from
  while (at < to && list.length < max) {
    const element = elementAt(bytes, at, to)
    if (element === undefined) break
    list.push(element)
    at = element.to
  }
  return list
}

/** Whether elements fill [from, to) to its end, and so do those inside each, at most 16 deep. */
export function tiles(bytes: Uint8Array, from: number, to: number, depth = 16): boolean {
  for (let at = from; at < to; ) {
    const element = elementAt(bytes, at, to)
    if (element === undefined) return false
    const nested = (element.tag & CONSTRUCTED) !== 0
    if (nested && (depth === 0 || !tiles(bytes, element.from, element.to, depth - 1))) return false
    at = element.to
  }
  return true
}

const CONSTRUCTED = 0x20

/** Elements inside an element; none for undefined or for a tag that is not `kind`. */
export function children(
  bytes: Uint8Array,
  parent: Element | undefined,
  kind: number = tag.sequence,
  max?: number,
): Element[] {
  return parent?.tag === kind ? elements(bytes, parent.from, parent.to, max) : []
}

/** Object identifier as dotted text, for example `2.5.4.3`; undefined for anything else. */
export function oidText(bytes: Uint8Array, element: Element | undefined): string | undefined {
  if (element?.tag !== tag.oid || element.to - element.from > MAX_OID) return undefined
  const parts: number[] = []
  let value = 0
  for (let at = element.from; at < element.to; at++) {
    const byte = bytes[at] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      parts.push(value)
      value = 0
    }
  }
  const [first = 0, ...rest] = parts
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...rest].join('.')
}

const MAX_OID = 32

/** Text of a directory string; bytes that are no text become U+FFFD, never an error. */
export function stringText(bytes: Buffer, { tag: kind, from, to }: Element): string {
  if (kind === tag.bmpString) return wideText(bytes, from, to, 2)
  if (kind === tag.universalString) return wideText(bytes, from, to, 4)
  return bytes.toString(kind === tag.utf8 ? 'utf8' : 'latin1', from, to)
}

function wideText(bytes: Buffer, from: number, to: number, width: 2 | 4): string {
  let text = ''
  for (let at = from; at + width <= to; at += width) {
    const code = bytes.readUIntBE(at, width)
    text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
  }
  return text
}

/**
 * UTCTime or GeneralizedTime (RFC 5280 4.1.2.5) as ISO 8601 in UTC; undefined when it is no date.
 * Two-digit years: from 50 on the 20th century.
 */
export function timeText(bytes: Buffer, element: Element | undefined): string | undefined {
  if (element === undefined || element.to - element.from > 24) return undefined
  const text = bytes.toString('latin1', element.from, element.to)
  const full = element.tag === tag.generalizedTime ? text : centuryOf(text) + text
  const match = timePattern.exec(full)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second = '00', zone] = match
  const shift = zone === 'Z' ? zone : `${zone?.slice(0, 3)}:${zone?.slice(3)}`
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${shift}`)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

const timePattern = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/

function centuryOf(text: string): string {
  return text.slice(0, 2) < '50' ? '20' : '19'
}
