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

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] ?? 0) > 127) return false
  return true
}

function isBlank(byte: number): boolean {
  return byte === 0 || byte === 32 || byte === 9
}
