import { ipv4, ipv6 } from './address.ts'
import { type Cursor } from './cursor.ts'
import { base64, escapeControls, hex, latin1 } from './text.ts'

const KEYS = 'mandatory alpn no-default-alpn port ipv4hint ech ipv6hint dohpath ohttp'.split(' ')
const MAX_PARAMETERS = 16
const MAX_VALUES = 32

/** Service parameters of an SVCB or HTTPS record in presentation form (RFC 9460 2.1, 14.3.2). */
export function serviceParameters(input: Cursor): string {
  const parts: string[] = []
  while (input.left >= 4 && parts.length < MAX_PARAMETERS) {
    const key = input.u16()
    const length = input.u16()
    const from = input.take(length)
    if (input.bad) break
    const value = valueText(key, input.bytes, from, from + length)
    const name = KEYS[key] ?? `key${key}`
    parts.push(value === '' ? name : `${name}=${value}`)
  }
  return parts.join(' ')
}

/** Addresses that an SVCB or HTTPS record hints at; `input` stands before its priority. */
export function serviceHints(input: Cursor & { name(): string }): string[] {
  const addresses: string[] = []
  input.u16()
  input.name()
  for (let i = 0; i < MAX_PARAMETERS && input.left >= 4; i++) {
    const key = input.u16()
    const length = input.u16()
    const from = input.take(length)
    if (input.bad) break
    if (key === 4) addresses.push(...list(from, from + length, 4, at => ipv4(input.bytes, at)))
    if (key === 6) addresses.push(...list(from, from + length, 16, at => ipv6(input.bytes, at)))
  }
  return addresses
}

function valueText(key: number, bytes: Uint8Array, from: number, to: number): string {
  switch (key) {
    case 0:
      return list(from, to, 2, at => keyName(bytes, at)).join(',')
    case 1:
      return protocols(bytes, from, to)
    case 3:
      return String(((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0))
    case 4:
      return list(from, to, 4, at => ipv4(bytes, at)).join(',')
    case 5:
      return base64(bytes, from, to)
    case 6:
      return list(from, to, 16, at => ipv6(bytes, at)).join(',')
    case 7:
      return escapeControls(latin1(bytes, from, to))
    default:
      return hex(bytes, from, to)
  }
}

function keyName(bytes: Uint8Array, at: number): string {
  const key = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  return KEYS[key] ?? `key${key}`
}

// RFC 9460 7.1.1: each protocol id is preceded by its length
function protocols(bytes: Uint8Array, from: number, to: number): string {
  const ids: string[] = []
  let at = from
  while (at < to && ids.length < MAX_VALUES) {
    const next = at + 1 + (bytes[at] ?? 0)
    if (next > to) break
    ids.push(escapeControls(latin1(bytes, at + 1, next)))
    at = next
  }
  return ids.join(',')
}

function list<T>(from: number, to: number, size: number, read: (at: number) => T): T[] {
  const values: T[] = []
  for (let at = from; at + size <= to && values.length < MAX_VALUES; at += size) {
    values.push(read(at))
  }
  return values
}
