/** Big-endian 16-bit number at `at`; bytes beyond the end read as zero, so it never throws. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

/** Big-endian 24-bit number at `at`; bytes beyond the end read as zero. */
export function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | u16(bytes, at + 1)
}

/** Big-endian 32-bit number at `at`, unsigned; bytes beyond the end read as zero. */
export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2)
}

/** Reserved values that clients send to keep servers tolerant: 0x0a0a, 0x1a1a, … (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
}

/** The bytes of [from, to) as numbers. */
export function u8List(bytes: Uint8Array, from: number, to: number): number[] {
  const list: number[] = []
  for (let at = from; at < Math.min(to, bytes.length); at++) list.push(bytes[at] ?? 0)
  return list
}

/** The numbers of a list of 16-bit values in [from, to); an odd last byte is left out. */
export function u16List(bytes: Uint8Array, from: number, to: number): number[] {
  const list: number[] = []
  for (let at = from; at + 1 < to; at += 2) list.push(u16(bytes, at))
  return list
}

/** View of the same memory as a Buffer, for its fast text decoding. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
