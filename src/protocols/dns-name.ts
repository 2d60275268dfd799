import { intern } from './intern.ts'

/** Offsets below zero say why a name has no end. */
export const CUT = -1
export const MALFORMED = -2

// RFC 1035 3.1: a name has at most 255 octets, its root label included.
const MAX_OCTETS = 255
// Each pointer goes strictly backwards, so a chain ends anyway; no honest message has a longer one.
const MAX_POINTERS = 32
const CACHED_NAMES = 8
// Characters: for a message of no size, and for any
const SPARE_TEXT = 1024
const MAX_TEXT = 16_384
const DOT = 0x2e
const BACKSLASH = 0x5c

// 255 octets, each at most `\DDD`, and the label that is one too many
const scratch = new Uint8Array(4 * (MAX_OCTETS + 64))

// 1: as it is; 2: behind a backslash; 0: as `\DDD`. ECS escapes below 32 and above 126, backslashes
// and quotes; RFC 4343 2.1 adds the dot inside a label.
const PLAIN = Uint8Array.from({ length: 256 }, (_, c) => {
  if (c < 32 || c > 126) return 0
  return c === DOT || c === BACKSLASH || c === 0x22 ? 2 : 1
})

/** Where the name at `at` ends, or `CUT` (beyond `end`) or `MALFORMED` (label type, length). */
export function skipName(bytes: Uint8Array, at: number, end: number): number {
  const limit = at + MAX_OCTETS
  let next = at
  while (next < end) {
    const length = bytes[next] ?? 0
    if (length === 0) return next + 1
    if (length >= 0xc0) return next + 2 <= end ? next + 2 : CUT
    next += length + 1
    if (length > 63 || next >= limit) return MALFORMED
  }
  return CUT
}

/**
 * Names of one message, in presentation form (RFC 1035 5.1) without the final dot, `.` for the root,
 * case kept, IDNA left as on the wire. `end` is where the message ends. Texts made of one message
 * are bounded by its size: compression cannot make a small message a big job.
 */
export class DnsNames {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** NetBIOS name service: record data have other forms. */
  readonly netbios: boolean = false
  // Names read lately: most records of a message have the name of its question.
  #places: number[] | undefined
  #texts: string[] | undefined
  #budget: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#budget = Math.min(SPARE_TEXT + 1.5 * (end - start), MAX_TEXT)
  }

  /** The name at `at`; undefined when it is cut, malformed or over the budget. */
  read(at: number): string | undefined {
    const place = this.#resolve(at)
    const places = this.#places
    if (places !== undefined) {
      for (let i = 0; i < places.length; i++) if (places[i] === place) return this.#texts?.[i]
    }
    const text = this.spent() ? undefined : this.#read(at)
    if (text !== undefined && this.spend(text.length)) this.#keep(place, text)
    return text
  }

  #keep(place: number, text: string): void {
    // Most messages have one name: a list that grows begins with room for many.
    if (this.#places === undefined || this.#texts === undefined) {
      this.#places = [place]
      this.#texts = [text]
    } else if (this.#places.length < CACHED_NAMES) {
      this.#places.push(place)
      this.#texts.push(text)
    }
  }

  /** Takes `size` characters off the budget of the message; false when it is used up. */
  spend(size: number): boolean {
    this.#budget -= size
    return this.#budget >= 0
  }

  /** True when no more text should be made of this message. */
  spent(): boolean {
    return this.#budget < 0
  }

  // A name that is only a pointer is the name it points at.
  #resolve(at: number): number {
    return (this.bytes[at] ?? 0) < 0xc0 ? at : this.#target(at, at)
  }

  #read(at: number): string | undefined {
    const { bytes, end } = this
    let next = at
    let run = at // a pointer must go before the start of the run of labels that it ends
    let pointers = 0
    let octets = 1
    let out = 0
    while (next < end) {
      const length = bytes[next] ?? 0
      if (length === 0) return out === 0 ? '.' : intern(scratch, 0, out)
      if (length >= 0xc0) {
        next = this.#target(next, run)
        run = next
        pointers++
      } else {
        out = copyLabel(bytes, next, end, out)
        octets += length + 1
        next += length + 1
      }
      if (next < 0 || out < 0 || octets > MAX_OCTETS || pointers > MAX_POINTERS) return undefined
    }
    return undefined
  }

  // RFC 1035 4.1.4: a pointer names a prior occurrence, so it must go backwards
  #target(at: number, run: number): number {
    if (at + 1 >= this.end) return CUT
    const target = this.start + u16(this.bytes, at) - 0xc000
    return target < run ? target : MALFORMED
  }
}

/** Writes the label whose length octet is at `at` behind a dot; the new length, or MALFORMED. */
function copyLabel(bytes: Uint8Array, at: number, end: number, to: number): number {
  const stop = at + 1 + (bytes[at] ?? 0)
  if (stop - at > 64 || stop >= end) return MALFORMED
  let out = to
  if (out > 0) scratch[out++] = DOT
  for (let i = at + 1; i < stop; i++) {
    const c = bytes[i] ?? 0
    if (PLAIN[c] === 1) scratch[out++] = c
    else out = escapeOctet(c, out)
  }
  return out
}

function escapeOctet(c: number, to: number): number {
  scratch[to] = BACKSLASH
  if (PLAIN[c] === 2) {
    scratch[to + 1] = c
    return to + 2
  }
  const short = c === 9 ? 0x74 : c === 10 ? 0x6e : c === 13 ? 0x72 : 0 // \t \n \r, as ECS asks
  if (short > 0) {
    scratch[to + 1] = short
    return to + 2
  }
  scratch[to + 1] = 48 + Math.trunc(c / 100)
  scratch[to + 2] = 48 + (Math.trunc(c / 10) % 10)
  scratch[to + 3] = 48 + (c % 10)
  return to + 4
}

/** Big-endian 16 bits; bytes that do not exist read as 0. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
