/** Octets of each option by code, in the order in which the codes first came. */
export type OptionMap = Map<number, Uint8Array>

// More options than any client sends; a code that comes again counts again.
const MAX_OPTIONS = 256
const PAD = 0
const END = 255
const OVERLOAD = 52
// Offsets of the two fields that may carry options (RFC 2131 2)
const SNAME = 44
const FILE = 108
const OPTIONS = 240

export interface Dhcp4Options {
  readonly options: OptionMap
  /** Which of the fields hold options instead of names. */
  readonly overload: { readonly file: boolean; readonly sname: boolean }
  readonly cut: boolean
}

/**
 * All options of the message that starts at `start`: of the option field, then of the `file` and
 * `sname` fields when option 52 says so (RFC 2131 4.1). An option that comes again continues the
 * one before (RFC 3396 5).
 */
export function readOptions(bytes: Uint8Array, start: number, end: number): Dhcp4Options {
  const parts: Parts = new Map()
  const complete = walk(parts, bytes, start + OPTIONS, end)
  const flags = parts.get(OVERLOAD)?.[0]?.[0] ?? 0
  const overload = { file: (flags & 1) !== 0, sname: (flags & 2) !== 0 }
  const fine =
    (!overload.file || walk(parts, bytes, start + FILE, start + OPTIONS - 4)) &&
    (!overload.sname || walk(parts, bytes, start + SNAME, start + FILE))
  const options: OptionMap = new Map()
  for (const [code, pieces] of parts) options.set(code, join(pieces))
  return { options, overload, cut: !(complete && fine) }
}

type Parts = Map<number, Uint8Array[]>

/** False when the last option runs out of bytes; what there is of it is kept. */
function walk(parts: Parts, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  for (let i = 0; i < MAX_OPTIONS && at < end; i++) {
    at = skipPadding(bytes, at, end)
    const code = at < end ? (bytes[at] ?? END) : END
    if (code === END) return true
    const from = at + 2
    const to = from + (bytes[at + 1] ?? 0)
    add(parts, code, bytes.subarray(from, Math.min(to, end)))
    if (from > end || to > end) return false
    at = to
  }
  return true
}

function skipPadding(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === PAD) at++
  return at
}

function add(parts: Parts, code: number, data: Uint8Array): void {
  const known = parts.get(code)
  if (known === undefined) parts.set(code, [data])
  else known.push(data)
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = pieces
  return only !== undefined && more.length === 0 ? only : Buffer.concat(pieces)
}
