import { varint, varintSize } from './quic-packet.ts'

/** Longest handshake flight of one side in Initial packets that is put together, in bytes. */
export const MAX_CRYPTO = 16_384

const MAX_PIECES = 64
const PADDING = 0x00
const PING = 0x01
const ACK = 0x02
const ACK_ECN = 0x03
const CRYPTO = 0x06
// Google's Q050, T050 and T051 number the same frame so; no other Initial may hold a frame 8.
const GOOGLE_CRYPTO = 0x08

const nothing = Buffer.alloc(0)

/**
 * The bytes that CRYPTO frames carry, put together by offset: in any order, repeated, overlapping.
 * Of overlapping copies the first counts. What lies beyond MAX_CRYPTO or would make more than 64
 * islands is left out.
 */
export class CryptoStream {
  #bytes = nothing
  /** Disjoint, ascending: begin and end of each run of bytes that is there. */
  #runs: (readonly [from: number, to: number])[] = []

  /** Bytes there from the beginning, without a gap; they never change. */
  get prefix(): Buffer {
    const [first] = this.#runs
    return first === undefined || first[0] > 0 ? nothing : this.#bytes.subarray(0, first[1])
  }

  /** Bytes of memory in use. */
  get size(): number {
    return this.#bytes.length
  }

  /** Takes the bytes at `offset` of the stream; true when some of them are new. */
  add(offset: number, data: Uint8Array): boolean {
    const end = offset + data.length
    if (data.length === 0 || end > MAX_CRYPTO || this.#runs.length >= MAX_PIECES) return false
    this.#reserve(end)
    let fresh = false
    let at = offset
    for (const [from, to] of this.#runs) {
      if (from > at) fresh = this.#copy(data, offset, at, Math.min(from, end)) || fresh
      at = Math.max(at, to)
    }
    fresh = this.#copy(data, offset, at, end) || fresh
    if (fresh) this.#runs = merge(this.#runs, [offset, end])
    return fresh
  }

  #copy(data: Uint8Array, offset: number, from: number, to: number): boolean {
    if (from >= to) return false
    this.#bytes.set(data.subarray(from - offset, to - offset), from)
    return true
  }

  #reserve(end: number): void {
    if (end <= this.#bytes.length) return
    const size = Math.min(MAX_CRYPTO, Math.max(2048, 2 ** Math.ceil(Math.log2(end))))
    // Only what was written is ever read.
    const grown = Buffer.allocUnsafeSlow(size)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

function merge(
  runs: readonly (readonly [number, number])[],
  added: readonly [number, number],
): (readonly [number, number])[] {
  const merged: (readonly [number, number])[] = []
  let [from, to] = added
  for (const run of runs) {
    if (run[1] < from || run[0] > to) merged.push(run)
    else {
      from = Math.min(from, run[0])
      to = Math.max(to, run[1])
    }
  }
  merged.push([from, to])
  return merged.sort((a, b) => a[0] - b[0])
}

/**
 * Gives the CRYPTO frames of a decrypted Initial payload to `stream` (RFC 9000 12.4: an Initial
 * holds only PADDING, PING, ACK, CRYPTO and CONNECTION_CLOSE). True when something was new.
 */
export function readCrypto(payload: Uint8Array, stream: CryptoStream): boolean {
  let fresh = false
  let at = 0
  while (at < payload.length) {
    const type = payload[at] ?? 0
    const frame = cryptoFrame(payload, at, type)
    if (frame !== undefined) {
      fresh = stream.add(frame.offset, frame.data) || fresh
      at = frame.end
    } else {
      const next = skipFrame(payload, at, type)
      if (next === undefined) break
      at = next
    }
  }
  return fresh
}

/** RFC 9000 19.6: varint offset, varint length, data. */
function cryptoFrame(payload: Uint8Array, at: number, type: number) {
  if (type !== CRYPTO && type !== GOOGLE_CRYPTO) return undefined
  const offsetAt = at + 1
  const lengthAt = skip(payload, offsetAt)
  const from = skip(payload, lengthAt)
  const end = from + varint(payload, lengthAt)
  if (end > payload.length) return undefined
  return { offset: varint(payload, offsetAt), data: payload.subarray(from, end), end }
}

function skipFrame(payload: Uint8Array, at: number, type: number): number | undefined {
  if (type === PADDING || type === PING) return at + 1
  return type === ACK || type === ACK_ECN ? skipAck(payload, at + 1, type === ACK_ECN) : undefined
}

/** RFC 9000 19.3: largest, delay, count of ranges, first range, then two varints a range. */
function skipAck(payload: Uint8Array, from: number, ecn: boolean): number {
  let at = from
  const countAt = skip(payload, skip(payload, at))
  const ranges = varint(payload, countAt)
  at = skip(payload, skip(payload, countAt))
  const numbers = 2 * ranges + (ecn ? 3 : 0)
  for (let index = 0; index < numbers && at < payload.length; index++) at = skip(payload, at)
  return at
}

function skip(payload: Uint8Array, at: number): number {
  return at + varintSize(payload, at)
}
