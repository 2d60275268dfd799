import { ipv4, ipv6 } from './address.ts'
import { Cursor } from './cursor.ts'
import { CUT, type DnsNames, skipName } from './dns-name.ts'
import { certText, dnssecText, typeBitmap } from './dns-rdata-security.ts'
import { serviceParameters } from './dns-svcb.ts'
import { netbiosText } from './nbns-data.ts'
import { hex, latin1 } from './text.ts'

// A longer datum is cut here: enough for every honest record, a bound for the rest.
const MAX_OCTETS = 2048
const MAX_STRINGS = 64

/** Reads the data of one type; sets `in.bad` when they do not fit. */
type Reader = (input: Rdata) => string

/** The data of one record: a cursor, and the names of the message around it. */
export class Rdata extends Cursor {
  readonly #names: DnsNames

  constructor(names: DnsNames, start: number, end: number) {
    super(names.bytes, start, Math.min(end, names.end))
    this.#names = names
  }

  /** The next name; compressed ones may lie anywhere before (RFC 3597 4 allows reading them). */
  name(): string {
    const from = this.at
    const next = skipName(this.bytes, from, this.end)
    const text = next <= CUT ? undefined : this.#names.read(from)
    this.at = text === undefined ? this.end : next
    if (text === undefined) this.bad = true
    return text ?? ''
  }

  /** The next character-string (RFC 1035 3.3), escaped. */
  string(): string {
    const length = this.u8()
    const from = this.take(length)
    return escapeText(latin1(this.bytes, from, this.at))
  }
}

const readers = new Map<number, Reader>([
  [1, input => ipv4(input.bytes, input.take(4))],
  [6, soa],
  [10, rest],
  [13, strings],
  [14, input => `${input.name()} ${input.name()}`],
  [15, preferred],
  [16, strings],
  [17, input => `${input.name()} ${input.name()}`],
  [18, preferred],
  [28, input => ipv6(input.bytes, input.take(16))],
  [33, input => `${input.u16()} ${input.u16()} ${input.u16()} ${input.name()}`],
  [35, naptr],
  [36, preferred],
  [47, input => `${input.name()} ${typeBitmap(input)}`],
  [64, service],
  [65, service],
  [99, strings],
  [256, input => `${input.u16()} ${input.u16()} ${quoted(latin1Rest(input))}`],
  [257, caa],
])
for (const type of [2, 3, 4, 5, 7, 8, 9, 12, 39]) readers.set(type, input => input.name())

/**
 * The data of a record as text, in the presentation form of the type's RFC without quotes where a
 * single string stands alone; the strings of a TXT are joined by a space. Types without a form, and
 * data that do not fit their type, are `\# length hex` (RFC 3597 5). Data beyond 2,048 octets are
 * left out.
 */
export function rdataText(names: DnsNames, type: number, start: number, end: number): string {
  const input = new Rdata(names, start, Math.min(end, start + MAX_OCTETS))
  const text = typeText(input, names.netbios, type)
  if (text !== undefined && !input.bad) return text
  return `\\# ${end - start} ${hex(names.bytes, start, Math.min(input.end, start + MAX_OCTETS))}`
}

function typeText(input: Rdata, netbios: boolean, type: number): string | undefined {
  if (netbios && (type === 32 || type === 33)) return netbiosText(input, type)
  const reader = readers.get(type)
  return reader === undefined ? (dnssecText(input, type) ?? certText(input, type)) : reader(input)
}

function soa(input: Rdata): string {
  const names = `${input.name()} ${input.name()}`
  return `${names} ${input.u32()} ${input.u32()} ${input.u32()} ${input.u32()} ${input.u32()}`
}

function preferred(input: Rdata): string {
  return `${input.u16()} ${input.name()}`
}

function strings(input: Rdata): string {
  let text = ''
  for (let i = 0; i < MAX_STRINGS && input.left > 0; i++) {
    const next = input.string()
    text = i === 0 ? next : `${text} ${next}`
  }
  return text
}

function rest(input: Rdata): string {
  return escapeText(latin1Rest(input))
}

function latin1Rest(input: Rdata): string {
  const from = input.take(input.left)
  return latin1(input.bytes, from, input.at)
}

// RFC 3403 4.1
function naptr(input: Rdata): string {
  const order = `${input.u16()} ${input.u16()}`
  const parts = `"${input.string()}" "${input.string()}" "${input.string()}"`
  return `${order} ${parts} ${input.name()}`
}

// RFC 8659 4.1
function caa(input: Rdata): string {
  return `${input.u8()} ${input.string()} ${quoted(latin1Rest(input))}`
}

// RFC 9460 2.2
function service(input: Rdata): string {
  const target = `${input.u16()} ${input.name()}`
  const parameters = serviceParameters(input)
  return parameters === '' ? target : `${target} ${parameters}`
}

function quoted(text: string): string {
  return `"${escapeText(text)}"`
}

/** Octets outside printable ASCII as `\DDD`, quotes and backslashes behind one (RFC 1035 5.1). */
function escapeText(text: string): string {
  let out = ''
  let copied = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c > 31 && c < 127 && c !== 34 && c !== 92) continue
    const escaped = c === 34 || c === 92 ? text[i] : String(c).padStart(3, '0')
    out += `${text.slice(copied, i)}\\${escaped}`
    copied = i + 1
  }
  return copied === 0 ? text : out + text.slice(copied)
}
