/** Bytes that a stored value is longer than what it holds: its CRC-32C, little-endian, in front. */
export const checksumBytes = 4

const table = makeTable()

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes` from `start`, as an unsigned integer. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  let crc = 0xffffffff
  for (let index = start; index < bytes.length; index++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0)
  }
  return ~crc >>> 0
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
  if (entry.length < checksumBytes) return undefined
  const stored = new DataView(entry.buffer, entry.byteOffset, checksumBytes).getUint32(0, true)
  if (stored !== crc32c(entry, checksumBytes)) return undefined
  return Buffer.from(entry.subarray(checksumBytes))
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

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    return crc
  })
}
