/**
 * Bytes of the network as text. Every function clamps its range to the bytes that exist, so none can
 * throw; none looks beyond its range.
 */

interface Slices {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  utf8Slice(this: Uint8Array, start: number, end: number): string
  hexSlice(this: Uint8Array, start: number, end: number): string
  base64Slice(this: Uint8Array, start: number, end: number): string
}

// Buffer's own slices read any Uint8Array in place: a third of the cost of making a Buffer first.
const { latin1Slice, utf8Slice, hexSlice, base64Slice } = Buffer.prototype as unknown as Slices

/** One character a byte (ISO 8859-1), nothing lost and nothing refused. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length)
  return start < stop ? latin1Slice.call(bytes, start, stop) : ''
}

/** UTF-8 where the bytes are UTF-8, else one character a byte. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length)
  if (start >= stop) return ''
  if (isAscii(bytes, start, stop)) return latin1Slice.call(bytes, start, stop)
  const text = utf8Slice.call(bytes, start, stop)
  return text.includes('\ufffd') ? latin1Slice.call(bytes, start, stop) : text
}

/** Lower-case hexadecimal without separators. */
export function hex(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length)
  return start < stop ? hexSlice.call(bytes, start, stop) : ''
}

/** Base64 with padding (RFC 4648 4). */
export function base64(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length)
  return start < stop ? base64Slice.call(bytes, start, stop) : ''
}

/** Text of an option or line: surrounding white space and NULs go, control characters become `\DDD`. */
export function label(bytes: Uint8Array, start: number, end: number): string {
  let from = Math.max(start, 0)
  let to = Math.min(end, bytes.length)
  while (from < to && isBlank(bytes[to - 1] ?? 0)) to--
  while (from < to && isBlank(bytes[from] ?? 0)) from++
  return escapeControls(utf8(bytes, from, to))
}

/** Control characters as `\DDD` (decimal, three digits), everything else as it is. */
export function escapeControls(text: string): string {
  let out = ''
  let copied = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 32 && code !== 127) continue
    out += `${text.slice(copied, i)}\\${String(code).padStart(3, '0')}`
    copied = i + 1
  }
  return copied === 0 ? text : out + text.slice(copied)
}

// The longest run that `escapeOctets` writes, each octet as `\DDD`
const MAX_ESCAPED = 2048
const scratch = new Uint8Array(4 * MAX_ESCAPED)

/**
 * Octets outside printable ASCII as `\DDD`, quotes and backslashes behind a backslash (RFC 1035 5.1);
 * the first 2,048 octets.
 */
export function escapeOctets(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, bytes.length, start + MAX_ESCAPED)
  let out = 0
  for (let i = start; i < stop; i++) {
    const c = bytes[i] ?? 0
    if (c < 32 || c > 126) out = putDecimal(c, out)
    else {
      if (c === 34 || c === 92) scratch[out++] = 92
      scratch[out++] = c
    }
  }
  return latin1(scratch, 0, out)
}

function putDecimal(c: number, at: number): number {
  scratch[at] = 92
  scratch[at + 1] = 48 + Math.trunc(c / 100)
  scratch[at + 2] = 48 + (Math.trunc(c / 10) % 10)
  scratch[at + 3] = 48 + (c % 10)
  return at + 4
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] ?? 0) > 127) return false
  return true
}

function isBlank(byte: number): boolean {
  return byte === 0 || byte === 32 || byte === 9
}
