import { type Content, raw } from '../bytes.ts'

/** Bytes of an application message as they go into a segment. */
export interface Payload {
  /** What the capture holds of it. */
  readonly bytes: Uint8Array
  /** Its length on the wire; what the capture does not hold is zeros. */
  readonly length: number
  /** Ones' complement sum of it, not folded. */
  readonly sum: number
  /** Where bytes are put that differ each time, at an even offset; zeros in `bytes`. */
  readonly stamp?: Stamp
}

interface Stamp {
  readonly at: number
  /** Even. */
  readonly size: number
}

export const NOTHING: Payload = { bytes: new Uint8Array(0), length: 0, sum: 0 }
const SEGMENT = 1460
/** Of a data segment that nobody looks into, so many bytes are in the capture. */
const HELD = 64

/** A payload of some bytes, with random ones at `stamp`. */
export function payload(content: Content, stamp?: Stamp): Payload {
  const bytes = raw(content)
  if (stamp === undefined) return { bytes, length: bytes.length, sum: sumOf(bytes) }
  const own = Uint8Array.from(bytes).fill(0, stamp.at, stamp.at + stamp.size)
  return { bytes: own, length: own.length, sum: sumOf(own), stamp }
}

/** Data of `length` bytes that begins with `head` and of which the capture holds little. */
export function bulk(length: number, head: Uint8Array): Payload {
  const size = Math.max(length, head.length)
  const bytes = new Uint8Array(Math.min(size, Math.max(HELD, head.length)))
  bytes.set(head)
  return { bytes, length: size, sum: sumOf(bytes) }
}

/** A message cut into segments as TCP cuts it. */
export function segments(whole: Payload): Payload[] {
  if (whole.length <= SEGMENT || whole.bytes.length < whole.length) return [whole]
  const list: Payload[] = []
  for (let at = 0; at < whole.length; at += SEGMENT) {
    const bytes = whole.bytes.subarray(at, at + SEGMENT)
    const { stamp } = whole
    const part = { bytes, length: bytes.length, sum: sumOf(bytes) }
    list.push(at === 0 && stamp !== undefined ? { ...part, stamp } : part)
  }
  return list
}

/** Sum of 16-bit words in network order, not folded. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0
  const { length } = bytes
  for (let i = 0; i + 1 < length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  if (length % 2 === 1) sum += (bytes[length - 1] ?? 0) << 8
  return sum
}
