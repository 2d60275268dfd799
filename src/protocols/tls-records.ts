import { u16, u24 } from './tls-bytes.ts'

/** Longest side of a handshake that is looked at, in bytes; what lies behind is not read. */
export const MAX_FLIGHT = 65_536

/** A record's payload may exceed 2^14 by this much (RFC 5246 6.2.3); SSLv3 stacks did. */
const MAX_RECORD = 0x4000 + 2048

/** Alert levels: 1 warning, 2 fatal. */
export interface TlsAlert {
  readonly level: number
  readonly description: number
}

/** The handshake bytes of one side, freed from the record layer. */
export interface Records {
  /** Bytes of all handshake records joined; the input's own memory when one record holds them. */
  readonly handshake: Uint8Array
  /** Version field of the first record. */
  readonly version: number
  /** First alert sent in the clear. */
  readonly alert: TlsAlert | undefined
  /** ChangeCipherSpec or application data came: what follows is encrypted. */
  readonly encrypted: boolean
  /** Bytes from the start until the next record is whole, when the last one is not. */
  readonly needed: number
}

/**
 * Joins the handshake records of one side of a TLS connection: u8 type (20 ChangeCipherSpec,
 * 21 alert, 22 handshake, 23 application data), u16 version, u16 length, payload (RFC 8446 5.1).
 * The last record may be incomplete. Undefined: the bytes do not start with a TLS record.
 */
export function readRecords(input: Uint8Array): Records | undefined {
  const bytes = input.length > MAX_FLIGHT ? input.subarray(0, MAX_FLIGHT) : input
  if (!startsRecord(bytes, 0)) return undefined
  const reading = new Reading()
  let at = 0
  while (at + 5 <= bytes.length && startsRecord(bytes, at)) {
    const from = at + 5
    at = from + u16(bytes, at + 3)
    if (!reading.take(bytes, from, at)) break
  }
  const { pieces, alert, encrypted } = reading
  const needed = at > bytes.length ? at : Math.max(at + 5, bytes.length)
  return { handshake: join(bytes, pieces), version: u16(bytes, 1), alert, encrypted, needed }
}

class Reading {
  /** Begin and end of each handshake record's payload. */
  readonly pieces: number[] = []
  alert: TlsAlert | undefined
  encrypted = false

  /** Takes the record whose payload is [from, to); false when nothing behind it is in the clear. */
  take(bytes: Uint8Array, from: number, to: number): boolean {
    const type = bytes[from - 5]
    if (type === APPLICATION_DATA) this.encrypted = true
    if (this.encrypted && !reopens(bytes, from, to)) return false
    if (type === CHANGE_CIPHER_SPEC) this.encrypted = true
    else if (type === ALERT) this.alert ??= readAlert(bytes, from, to)
    else if (type === HANDSHAKE) this.pieces.push(from, Math.min(to, bytes.length))
    return true
  }
}

const CHANGE_CIPHER_SPEC = 20
const ALERT = 21
const HANDSHAKE = 22
const APPLICATION_DATA = 23

/** Whether a TLS record can start at `at`, judging by as many header bytes as there are. */
function startsRecord(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]
  if (type === undefined || type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA) return false
  if (at + 1 < bytes.length && bytes[at + 1] !== 3) return false
  return at + 5 > bytes.length || u16(bytes, at + 3) <= MAX_RECORD
}

/**
 * After a ChangeCipherSpec only a second hello is still in the clear: TLS 1.3 sends one for
 * middleboxes between HelloRetryRequest and the hellos that follow (RFC 8446 D.4).
 */
function reopens(bytes: Uint8Array, from: number, to: number): boolean {
  const type = bytes[from]
  if (bytes[from - 5] !== HANDSHAKE || (type !== 1 && type !== 2)) return false
  return u16(bytes, from + 4) === 0x0303 && from + 4 + u24(bytes, from + 1) <= to
}

/** An alert in the clear has two bytes; a longer one is encrypted. */
function readAlert(bytes: Uint8Array, from: number, to: number): TlsAlert | undefined {
  const level = bytes[from]
  const description = bytes[from + 1]
  if (to - from !== 2 || level === undefined || description === undefined) return undefined
  return level === 1 || level === 2 ? { level, description } : undefined
}

function join(bytes: Uint8Array, pieces: readonly number[]): Uint8Array {
  const [from = 0, to = 0] = pieces
  if (pieces.length <= 2) return bytes.subarray(from, to)
  const joined = Buffer.allocUnsafe(total(pieces))
  let at = 0
  for (let index = 0; index < pieces.length; index += 2) {
    const piece = bytes.subarray(pieces[index], pieces[index + 1])
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

function total(pieces: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < pieces.length; index += 2) {
    sum += (pieces[index + 1] ?? 0) - (pieces[index] ?? 0)
  }
  return sum
}
