import { type Cursor } from './cursor.ts'
import { typeName } from './dns-types.ts'
import { base64, hex } from './text.ts'

// More types at one name than this are not listed: a bitmap can name all 65,536.
const MAX_TYPES = 32
const BASE32_HEX = '0123456789abcdefghijklmnopqrstuv'

/** A cursor that also reads domain names. */
interface NamedCursor extends Cursor {
  name(): string
}

/** DNSSEC records in the form of RFC 4034 and RFC 5155; undefined for other types. */
export function dnssecText(input: NamedCursor, type: number): string | undefined {
  switch (type) {
    case 43: // DS, RFC 4034 5.3; CDS and DLV have its form
    case 59:
    case 32_769:
      return `${input.u16()} ${input.u8()} ${input.u8()} ${hexRest(input)}`
    case 24:
    case 46:
      return signature(input)
    case 25:
    case 48: // DNSKEY, RFC 4034 2.2
    case 60:
      return `${input.u16()} ${input.u8()} ${input.u8()} ${base64Rest(input)}`
    case 50: // NSEC3, RFC 5155 3.3
      return `${nsec3(input)} ${base32(input)} ${typeBitmap(input)}`
    case 51:
      return nsec3(input)
    default:
      return undefined
  }
}

/** Records that carry keys or digests of other protocols; undefined for other types. */
export function certText(input: NamedCursor, type: number): string | undefined {
  switch (type) {
    case 37: // CERT, RFC 4398 2.2
      return `${input.u16()} ${input.u16()} ${input.u8()} ${base64Rest(input)}`
    case 44: // SSHFP, RFC 4255 3.2
      return `${input.u8()} ${input.u8()} ${hexRest(input)}`
    case 52: // TLSA, RFC 6698 2.2; SMIMEA has its form
    case 53:
      return `${input.u8()} ${input.u8()} ${input.u8()} ${hexRest(input)}`
    case 63: // ZONEMD, RFC 8976 2.3
      return `${input.u32()} ${input.u8()} ${input.u8()} ${hexRest(input)}`
    case 61:
    case 49:
      return base64Rest(input)
    default:
      return undefined
  }
}

/** Mnemonics of a type bitmap (RFC 4034 4.1.2), the first 32 of them. */
export function typeBitmap(input: Cursor): string {
  const types: string[] = []
  while (input.left > 2 && types.length < MAX_TYPES) {
    const window = input.u8()
    const length = input.u8()
    const from = input.take(length)
    if (length === 0 || length > 32) input.bad = true
    if (input.bad) break
    addWindow(types, input.bytes, from, input.at, window * 256)
  }
  return types.join(' ')
}

function addWindow(
  types: string[],
  bytes: Uint8Array,
  start: number,
  end: number,
  first: number,
): void {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    for (let bit = 0; byte > 0 && bit < 8 && types.length < MAX_TYPES; bit++) {
      if (byte & (0x80 >> bit)) types.push(typeName(first + (at - start) * 8 + bit))
    }
  }
}

// RFC 4034 3.2: times as YYYYMMDDHHmmSS in UTC
function signature(input: NamedCursor): string {
  const head = `${typeName(input.u16())} ${input.u8()} ${input.u8()} ${input.u32()}`
  const times = `${moment(input.u32())} ${moment(input.u32())}`
  return `${head} ${times} ${input.u16()} ${input.name()} ${base64Rest(input)}`
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
}

function nsec3(input: Cursor): string {
  const head = `${input.u8()} ${input.u8()} ${input.u16()}`
  const length = input.u8()
  const from = input.take(length)
  return `${head} ${length === 0 ? '-' : hex(input.bytes, from, input.at)}`
}

// RFC 4648 7 without padding, as RFC 5155 3.3 writes the next hashed owner
function base32(input: Cursor): string {
  const length = input.u8()
  const from = input.take(length)
  let out = ''
  let value = 0
  let bits = 0
  for (let i = from; i < input.at; i++) {
    value = ((value << 8) | (input.bytes[i] ?? 0)) & 0xffff
    for (bits += 8; bits >= 5; bits -= 5) out += BASE32_HEX[(value >> (bits - 5)) & 31]
  }
  return bits > 0 ? out + BASE32_HEX[(value << (5 - bits)) & 31] : out
}

function hexRest(input: Cursor): string {
  const from = input.take(input.left)
  return hex(input.bytes, from, input.at)
}

function base64Rest(input: Cursor): string {
  const from = input.take(input.left)
  return base64(input.bytes, from, input.at)
}
