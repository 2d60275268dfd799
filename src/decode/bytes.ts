import { payloadOffset, payloadSize } from './record.ts'

/** The last view's bytes: the ring buffer is one view, and making another for each record is slow. */
let seen: DataView | undefined
let bytes = new Uint8Array(0) as Uint8Array

/** Memory that copies are cut from, one after the other: a piece for few of them costs more than they do. */
const SLAB = 65_536
let slab = Buffer.allocUnsafeSlow(SLAB)
let used = 0

/** Up to so many bytes a loop is quicker than a view of them and `set`. */
const few = 160

/**
 * Unwritten memory of `size` bytes, 64 KB at most. Whoever keeps it for long keeps the 64 KB that it is
 * cut from.
 */
export function memoryFor(size: number): Buffer {
  if (used + size > SLAB) {
    slab = Buffer.allocUnsafeSlow(SLAB)
    used = 0
  }
  const from = used
  used += size
  return slab.subarray(from, used)
}

/** A copy of the payload of the record at `offset`: ring memory is reused after the call. */
export function copyPayload(view: DataView, offset: number): Buffer {
  if (view !== seen) {
    seen = view
    bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  }
  const start = payloadOffset(view, offset)
  const size = payloadSize(view, offset)
  const copy = memoryFor(size)
  if (size > few) copy.set(bytes.subarray(start, start + size))
  else for (let at = 0; at < size; at++) copy[at] = bytes[start + at] ?? 0
  return copy
}
