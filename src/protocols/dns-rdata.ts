import { ipv4, ipv6 } from './address.ts'
import { Cursor } from './cursor.ts'
import { CUT, type DnsNames, skipName } from './dns-name.ts'
import { certText, dnssecText, typeBitmap } from './dns-rdata-security.ts'
import { serviceParameters } from './dns-svcb.ts'
import { netbiosText } from './nbns-data.ts'
import { escapeOctets, hex } from './text.ts'

// A longer datum is cut here: enough for every honest record, a bound for the rest.
const MAX_OCTETS = 2048
const MAX_STRINGS = 64

// NSEC, NSEC3, SVCB, HTTPS: their text costs several times what plain text does.
const LISTS = new Set([47, 50, 64, 65])

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
    return escapeOctets(this.bytes, from, this.at)
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
  [256, input => `${input.u16()} ${input.u16()} "${rest(input)}"`],
  [257, caa],
])
for (const type of [2, 3, 4, 5, 7, 8, 9, 12, 39]) readers.set(type, input => input.name())

/**
 * The data of a record as text, in the presentation form of the type's RFC without quotes where a
 * single string stands alone; the strings of a TXT are joined by a space. Types without a form, and
 * data that do not fit their type, are `\# length hex` (RFC 3597 5). Data beyond 2,048 octets, and
 * what is over the text budget of the message, are left out.
 */
export function rdataText(names: DnsNames, type: number, start: number, end: number): string {
  if (names.spent()) return `\\# ${end - start}`
  const input = new Rdata(names, start, Math.min(end, start + MAX_OCTETS))
  const read = typeText(input, names.netbios, type)
  const fits = read !== undefined && !input.bad
  const text = fits ? read : `\\# ${end - start} ${hex(names.bytes, start, input.end)}`
  names.spend(LISTS.has(type) ? 8 * text.length : text.length)
  return text
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
  const from = input.take(input.left)
  return escapeOctets(input.bytes, from, input.at)
}

// RFC 3403 4.1
function naptr(input: Rdata): string {
  const order = `${input.u16()} ${input.u16()}`
  const parts = `"${input.string()}" "${input.string()}" "${input.string()}"`
  return `${order} ${parts} ${input.name()}`
}

// RFC 8659 4.1
function caa(input: Rdata): string {
  return `${input.u8()} ${input.string()} "${rest(input)}"`
}

// RFC 9460 2.2
function service(input: Rdata): string {
  const target = `${input.u16()} ${input.name()}`
  const parameters = serviceParameters(input)
  return parameters === '' ? target : `${target} ${parameters}`
}
