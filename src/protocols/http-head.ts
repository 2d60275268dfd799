import { intern } from './intern.ts'
import { latin1, utf8 } from './text.ts'

// What a server would not read either; the kernel copies far less.
const MAX_HEAD = 65_536
const MAX_HEADERS = 128
const MAX_NAMES = 64
const LF = 10
const CR = 13
const COLON = 58

/** Where the parts of one header line lie: four offsets a line. */
interface HeaderLines {
  readonly at: number[]
  /** Behind the empty line, or the end of the bytes. */
  readonly end: number
  readonly cut: boolean
}

/**
 * What a request and a response head have in common (RFC 9112 2.1, 5). Lines may end in a bare LF; a
 * line that starts with white space continues the one before (5.2); a line without a colon is
 * passed. Values are read when asked for, from `bytes`, which must stay as they are; cookies and
 * credentials are never read.
 */
export class HttpHead {
  /** `1.1`, as written; undefined when it is no number. */
  readonly version: string | undefined
  /** Offset behind the head, where the body or the next head starts. */
  readonly end: number
  /** The bytes end before the head does. */
  readonly cut: boolean
  readonly #bytes: Uint8Array
  readonly #lines: readonly number[]

  constructor(bytes: Uint8Array, version: string | undefined, lines: HeaderLines) {
    this.version = version
    this.end = lines.end
    this.cut = lines.cut
    this.#bytes = bytes
    this.#lines = lines.at
  }

  /** Names in order as written, the first 64. */
  get headerNames(): string[] {
    const names: string[] = []
    for (let i = 0; i < this.#lines.length && names.length < MAX_NAMES; i += 4) {
      names.push(intern(this.#bytes, this.#lines[i] ?? 0, this.#lines[i + 1] ?? 0))
    }
    return names
  }

  get contentType(): string | undefined {
    return this.value('content-type')
  }

  /** Octets of the body as declared; undefined when not, or when it is no number. */
  get contentLength(): number | undefined {
    const text = this.value('content-length')
    if (text === undefined || text.length > 15 || !isDigits(text)) return undefined
    return Number(text)
  }

  /** True when the body comes in chunks (RFC 9112 6.1): the last coding says so. */
  get chunked(): boolean {
    return this.value('transfer-encoding')?.trim().toLowerCase().endsWith('chunked') ?? false
  }

  /** The value of the first header called `name` (lower case), white space around it removed. */
  protected value(name: string): string | undefined {
    for (let i = 0; i < this.#lines.length; i += 4) {
      const from = this.#lines[i] ?? 0
      if ((this.#lines[i + 1] ?? 0) - from !== name.length) continue
      if (matches(this.#bytes, from, name)) {
        const text = utf8(this.#bytes, this.#lines[i + 2] ?? 0, this.#lines[i + 3] ?? 0)
        return text.includes('\n') ? unfold(text) : text
      }
    }
    return undefined
  }
}

/** Finds the header lines from `start` to the empty line. */
export function readHeaderLines(bytes: Uint8Array, start: number, end: number): HeaderLines {
  const stop = Math.min(end, bytes.length, start + MAX_HEAD)
  const at: number[] = []
  let line = start
  while (line < stop) {
    const next = lineEnd(bytes, line, stop)
    if (next < 0) break
    const to = trimEnd(bytes, line, next)
    const first = bytes[line] ?? 0
    if (to === line && first !== 32 && first !== 9) return { at, end: next + 1, cut: false }
    if (isBlank(first)) extend(at, to)
    else addLine(at, bytes, line, to)
    line = next + 1
  }
  return { at, end: stop, cut: true }
}

/** Offset of the next LF before `end`, or -1. */
export function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === LF) return i
  return -1
}

/** Where the text of `[start, end)` ends without white space and CR. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let to = end
  while (to > start && (isBlank(bytes[to - 1] ?? 0) || bytes[to - 1] === CR)) to--
  return to
}

export function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9
}

// The value grows over the fold; `value` takes the line break out.
function extend(at: number[], to: number): void {
  if (at.length > 0 && at.length < 4 * MAX_HEADERS) at[at.length - 1] = to
}

function addLine(at: number[], bytes: Uint8Array, line: number, to: number): void {
  if (at.length >= 4 * MAX_HEADERS) return
  let colon = line
  while (colon < to && bytes[colon] !== COLON) colon++
  if (colon === to || colon === line) return
  let from = colon + 1
  while (from < to && isBlank(bytes[from] ?? 0)) from++
  at.push(line, trimEnd(bytes, line, colon), from, to)
}

// `name` is lower-case letters and dashes, so setting bit 5 makes a letter comparable and no other
// octet a letter; a dash has the bit already.
function matches(bytes: Uint8Array, from: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (((bytes[from + i] ?? 0) | 0x20) !== name.charCodeAt(i)) return false
  }
  return true
}

function unfold(text: string): string {
  return text
    .split('\n')
    .map(part => part.trim())
    .join(' ')
    .trim()
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return false
  }
  return text.length > 0
}

/** `1.1` out of `HTTP/1.1`: digits, a dot, digits; undefined for anything else. */
export function versionOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const text = latin1(bytes, start, Math.min(end, start + 8))
  const [major = '', minor = '', more] = text.split('.')
  return more === undefined && isDigits(major) && isDigits(minor) ? text : undefined
}
