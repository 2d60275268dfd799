import { payloadOffset, payloadSize } from './record.ts'

/** The last view's bytes: the ring buffer is one view, and making another for each record is slow. */
let seen: DataView | undefined
let bytes = new Uint8Array(0) as Uint8Array
let words = new Int32Array(0) as Int32Array

/** Memory that copies are cut from, one after the other: a piece for few of them costs more than they do. */
const SLAB = 16_384
let slab = Buffer.allocUnsafeSlow(SLAB)
let slabWords = new Int32Array(slab.buffer)
let used = 0

/** Up to so many bytes a loop over words is quicker than a view of them and `set`. */
const few = 512

/**
 * Unwritten memory of `size` bytes, at an offset that four divide. Whoever keeps it for long keeps the
 * 16 KB that it may be cut from.
 */
export function memoryFor(size: number): Buffer {
  if (size > SLAB / 4) return Buffer.allocUnsafeSlow(size)
  if (used + size > SLAB) {
    slab = Buffer.allocUnsafeSlow(SLAB)
    slabWords = new Int32Array(slab.buffer)
    used = 0
  }
  const from = used
  used += (size + 3) & ~3
  return slab.subarray(from, from + size)
}

/** A copy of the payload of the record at `offset`: ring memory is reused after the call. */
export function copyPayload(view: DataView, offset: number): Buffer {
  if (view !== seen) look(view)
  const start = payloadOffset(view, offset)
  const end = start + payloadSize(view, offset)
  const copy = memoryFor(end - start)
  if (end - start > few || (start & 3) !== 0 || end > words.length * 4) {
    copy.set(bytes.subarray(start, end))
    return copy
  }
  let to = copy.byteOffset >> 2
  for (let at = start >> 2; at * 4 < end; at++) slabWords[to++] = words[at] ?? 0
  return copy
}

function look(view: DataView): void {
  seen = view
  bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  // A view at an odd place has no words.
  const isEven = (view.byteOffset & 3) === 0
  words = new Int32Array(
    view.buffer,
    isEven ? view.byteOffset : 0,
    isEven ? view.byteLength >> 2 : 0,
  )
}
