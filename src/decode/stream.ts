import { memoryFor } from './bytes.ts'
import { type MessageEvent } from './message.ts'

/** Bytes kept of one side: a full TLS record and its headers, and some out of order. */
const SIDE_MAX = 40_960
const PIECES_MAX = 64
/** What a waiting piece costs beside its bytes. */
const PIECE_COST = 256

const nothing = Buffer.alloc(0)
const none: Piece[] = []

interface Piece {
  readonly seq: number
  readonly bytes: Buffer
}

/** What `take` did to a stream. */
export type Growth = 'none' | 'more' | 'new'

/**
 * One side of a TCP conversation, put together by sequence number (RFC 9293 3.4) from the pieces
 * that the kernel copied: in any order, repeated, overlapping. A message begins where the kernel says; a
 * piece without a known message waits until one begins before it. Where pieces overlap, the
 * bytes that came first stand. Sequence numbers are compared modulo 2^32.
 */
export class StreamSide {
  /** `enum l7` of the message; 0 while none has begun. */
  l7 = 0
  /** Sequence number of the message's first byte. */
  start = 0
  /** The event of the piece that began the message. */
  first: MessageEvent | undefined
  /** What a protocol has taken of the message, in bytes from `start`. */
  taken = 0
  /** Bytes that the kernel copied beyond what is kept. */
  overflow = 0
  #buffer: Buffer = nothing
  #length = 0
  /** What waits for a gap to close; `none`, which nobody writes to, while nothing does. */
  #pieces = none
  #pending = 0
  #released = false
  /** What begins the message may be the middle of one whose beginning comes late. */
  #doubtful = true

  /** The message's bytes from its start, without a gap; valid until the next `take`. */
  get bytes(): Buffer {
    if (this.#length === this.#buffer.length) return this.#buffer
    return this.#buffer.subarray(0, this.#length)
  }

  /** Bytes in memory. */
  get size(): number {
    return this.#buffer.length + this.#pending + this.#pieces.length * PIECE_COST
  }

  /** Lets go of the message's bytes: what still comes of it is not wanted. */
  release(): void {
    this.#buffer = nothing
    this.#length = 0
    this.#setPieces(none)
    this.#released = true
  }

  /** Adds a piece: `new` when a message begins with it, `more` when known bytes went on. */
  take(event: MessageEvent): Growth {
    const begins = event.l7 !== 0 && this.#begins(event)
    if (begins) this.#begin(event)
    else if (this.#released && event.l7 !== 0) return 'none'
    const before = this.#length
    if (this.l7 === 0 || !this.#append(event.seq, event.bytes)) this.#keep(event)
    if (this.l7 !== 0) this.#join()
    if (begins) return 'new'
    return this.#length > before ? 'more' : 'none'
  }

  /** Whether there are bytes that nobody could finish reading yet. */
  get #unread(): boolean {
    return this.taken >= 0 && this.taken < this.#length
  }

  #begins({ l7, start }: MessageEvent): boolean {
    if (this.l7 === 0) return true
    const ahead = distance(this.start, start)
    // Bytes that are known already, sent again.
    if (l7 === this.l7 && ahead > 0 && ahead < this.#length) return false
    // Right behind unread bytes it is the middle of their message.
    const goesOn = this.#unread && l7 === this.l7 && ahead > 0 && ahead <= this.#length
    return ahead !== 0 && !goesOn
  }

  #begin(event: MessageEvent): void {
    // What seemed a beginning may have been the middle: of this message, or of one still to come.
    const behind = distance(event.start, this.start)
    const before = this.l7 !== 0 && behind > 0
    if ((before || this.#unread) && Math.abs(behind) < SIDE_MAX) {
      this.#store({ seq: this.start, bytes: this.bytes })
    }
    this.#doubtful = this.l7 === 0 || this.#unread || (before && this.#doubtful)
    this.l7 = event.l7
    this.start = event.start
    this.#released = false
    this.first = event
    this.taken = 0
    this.overflow = 0
    this.#buffer = nothing
    this.#length = 0
    if (this.#pieces !== none) this.#setPieces(this.#pieces.filter(piece => this.#isNear(piece)))
  }

  /** False when the piece is to be kept: a gap is before it, or it is of what may begin before. */
  #append(seq: number, bytes: Buffer): boolean {
    const offset = distance(this.start, seq)
    if (offset > this.#length) return false
    const known = this.#length - offset
    if (known < bytes.length) this.#add(known === 0 ? bytes : bytes.subarray(known))
    return offset >= 0 || !this.#isNear({ seq, bytes })
  }

  #add(rest: Buffer): void {
    const room = Math.max(0, SIDE_MAX - this.#length)
    const fresh = rest.length <= room ? rest : rest.subarray(0, room)
    this.overflow += rest.length - fresh.length
    if (this.#length === 0) this.#buffer = fresh
    else this.#grow(fresh)
    this.#length += fresh.length
  }

  /** Pieces far from the message that begins belong to an earlier one, or to none. */
  #isNear({ seq }: Piece): boolean {
    const offset = distance(this.start, seq)
    return offset < 0 ? this.#doubtful && offset > -SIDE_MAX : offset < SIDE_MAX
  }

  #grow(fresh: Buffer): void {
    // The first piece is the event's own memory: never written to.
    const grown = memoryFor(this.#length + fresh.length)
    grown.set(this.bytes)
    grown.set(fresh, this.#length)
    this.#buffer = grown
  }

  #keep({ seq, bytes }: MessageEvent): void {
    if (this.l7 !== 0 && distance(this.start, seq) > SIDE_MAX) this.overflow += bytes.length
    else this.#store({ seq, bytes })
  }

  #store(piece: Piece): void {
    if (!this.#hasRoom(piece)) {
      this.#setPieces(this.#pieces.filter(({ seq }) => distance(this.start, seq) > 0))
    }
    if (!this.#hasRoom(piece)) {
      this.overflow += piece.bytes.length
      return
    }
    // A slice of shared memory would keep all of that alive for a few bytes.
    const own = Buffer.allocUnsafeSlow(piece.bytes.length)
    piece.bytes.copy(own)
    if (this.#pieces === none) this.#pieces = []
    this.#pieces.push({ seq: piece.seq, bytes: own })
    this.#pending += own.length
  }

  #hasRoom({ bytes }: Piece): boolean {
    return this.#pieces.length < PIECES_MAX && this.#pending + bytes.length <= SIDE_MAX
  }

  /** Appends what waited for the gap to close. */
  #join(): void {
    for (let again = true; again && this.#pieces.length > 0; ) {
      const rest = this.#pieces.filter(({ seq, bytes }) => !this.#append(seq, bytes))
      again = rest.length < this.#pieces.length
      this.#setPieces(rest)
    }
  }

  #setPieces(pieces: Piece[]): void {
    this.#pieces = pieces.length === 0 ? none : pieces
    this.#pending = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }
}

/** Bytes from `from` to `to`, negative when `to` is before it (RFC 9293 3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
