/** Bytes that a stored value is longer than what it holds: its CRC-32C, little-endian, in front. */
export const checksumBytes = 4

/** For each byte what it does to the sum 0 to 7 bytes later (slicing-by-8, Kounavis and Berry 2005). */
const tables = makeTables()

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes` from `start`, as an unsigned integer. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const { length } = bytes
  let crc = 0xffffffff
  let at = start
  for (; at + 8 <= length; at += 8) {
    crc ^= word(bytes, at)
    const next = word(bytes, at + 4)
    crc =
      slice(7, crc) ^
      slice(6, crc >>> 8) ^
      slice(5, crc >>> 16) ^
      slice(4, crc >>> 24) ^
      slice(3, next) ^
      slice(2, next >>> 8) ^
      slice(1, next >>> 16) ^
      slice(0, next >>> 24)
  }
  for (; at < length; at++) crc = (crc >>> 8) ^ slice(0, crc ^ (bytes[at] ?? 0))
  return ~crc >>> 0
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function slice(later: number, byte: number): number {
  return tables[(later << 8) | (byte & 0xff)] ?? 0
}

/** What is stored for `value`: checksum, then the bytes (text as UTF-8). */
export function seal(value: string | Uint8Array): Buffer {
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  const entry = Buffer.allocUnsafe(checksumBytes + length)
  if (typeof value === 'string') entry.write(value, checksumBytes, 'utf8')
  else entry.set(value, checksumBytes)
  entry.writeUInt32LE(crc32c(entry, checksumBytes), 0)
  return entry
}

/** A copy of the bytes that `seal` stored; undefined when they are not what was written. */
export function unseal(entry: Uint8Array): Buffer | undefined {
  const view = unsealed(entry)
  return view && Buffer.from(view)
}

/** As `unseal`, of the same memory. */
export function unsealed(entry: Uint8Array): Buffer | undefined {
  if (entry.length < checksumBytes) return undefined
  const stored = new DataView(entry.buffer, entry.byteOffset, checksumBytes).getUint32(0, true)
  if (stored !== crc32c(entry, checksumBytes)) return undefined
  const { buffer, byteOffset, length } = entry
  return Buffer.from(buffer, byteOffset + checksumBytes, length - checksumBytes)
}

/** The key of a sequence number: 8 bytes, big-endian, so that keys sort as the numbers do. */
export function sequenceKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8)
  key.writeBigUInt64BE(BigInt(sequence))
  return key
}

/** The number that `sequenceKey` wrote; NaN for a key of another length. */
export function keySequence(key: Uint8Array): number {
  if (key.length !== 8) return Number.NaN
  return Number(new DataView(key.buffer, key.byteOffset, 8).getBigUint64(0))
}

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    made[byte] = crc
  }
  for (let index = 256; index < made.length; index++) {
    const before = made[index - 256] ?? 0
    made[index] = (before >>> 8) ^ (made[before & 0xff] ?? 0)
  }
  return made
}
