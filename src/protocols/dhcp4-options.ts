/** Octets of each option by code, in the order in which the codes first came. */
export type OptionMap = Map<number, Uint8Array>

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
  const options: OptionMap = new Map()
  const complete = walk(options, bytes, start + OPTIONS, end)
  const flags = options.get(OVERLOAD)?.[0] ?? 0
  const overload = { file: (flags & 1) !== 0, sname: (flags & 2) !== 0 }
  const fine =
    (!overload.file || walk(options, bytes, start + FILE, start + OPTIONS - 4)) &&
    (!overload.sname || walk(options, bytes, start + SNAME, start + FILE))
  return { options, overload, cut: !(complete && fine) }
}

/** False when the last option runs out of bytes; what there is of it is kept. */
function walk(options: OptionMap, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    const code = bytes[at] ?? END
    if (code === END) return true
    if (code === PAD) {
      at++
      continue
    }
    const from = at + 2
    const to = from + (bytes[at + 1] ?? 0)
    add(options, code, bytes.subarray(from, Math.min(to, end)))
    if (from > end || to > end) return false
    at = to
  }
  return true
}

function add(options: OptionMap, code: number, data: Uint8Array): void {
  const known = options.get(code)
  if (known === undefined || known.length === 0) {
    options.set(code, data)
    return
  }
  // A message of this many repeats is no message: more than 4 KiB of one option is not joined.
  if (known.length + data.length > 4096) return
  const joined = new Uint8Array(known.length + data.length)
  joined.set(known)
  joined.set(data, known.length)
  options.set(code, joined)
}
