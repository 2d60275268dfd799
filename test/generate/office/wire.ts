import { type Content, ip, layerOf, mac } from '../bytes.ts'
import { ethernet } from '../packets.ts'
import { type Dice } from './dice.ts'
import { type Payload, sumOf } from './payload.ts'

/** One end of a conversation as the LAN sees it: behind a router it has the router's MAC. */
export interface End {
  readonly mac: string
  readonly ip: string
  readonly port: number
}

/** Headers of one direction of a conversation, filled in for each packet. */
export interface Way {
  readonly head: Uint8Array
  readonly six: boolean
  /** Sum of the IPv4 header without length and id. */
  readonly ipSum: number
  /** Sum of pseudo header and ports. */
  readonly sum: number
}

export const TCP = 6
export const UDP = 17

/** Headers from one end to the other. */
export function way(from: End, to: End, protocol: 6 | 17, ttl = 64): Way {
  const [source, target] = [bytesOf(ip, from.ip), bytesOf(ip, to.ip)]
  const six = source.length === 16
  const l4 = six ? 54 : 34
  const head = new Uint8Array(l4 + (protocol === TCP ? 20 : 8))
  head.set(bytesOf(mac, to.mac), 0)
  head.set(bytesOf(mac, from.mac), 6)
  if (six) {
    head.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol, ttl], 12)
    head.set(source, 22)
    head.set(target, 38)
  } else {
    head.set([0x08, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, protocol, 0, 0], 12)
    head.set(source, 26)
    head.set(target, 30)
  }
  put16(head, l4, from.port)
  put16(head, l4 + 2, to.port)
  const sum = sumOf(source) + sumOf(target) + protocol + from.port + to.port
  return { head, six, ipSum: six ? 0 : sumOf(head.subarray(14, 34)), sum }
}

const parsed = new Map<string, Uint8Array>()

/** Addresses are parsed once: the same few hundred come again and again. */
function bytesOf(parse: (text: string) => Uint8Array, text: string): Uint8Array {
  const known = parsed.get(text)
  if (known !== undefined) return known
  if (parsed.size > 65_536) parsed.clear()
  const bytes = parse(text)
  parsed.set(text, bytes)
  return bytes
}

/** A frame as it is written: valid until the next one. */
export interface Frame {
  /** µs since the epoch. */
  readonly time: number
  readonly bytes: Buffer
  readonly wirelen: number
}

export interface TcpSegment {
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly options?: Uint8Array
  readonly data: Payload
}

const CHUNK = 1 << 20
const ROOM = 70_000
const RECORD = 16

/** Records of a pcap file (µs, little-endian), chunk by chunk. */
export class Records {
  readonly #clock: { readonly now: number }
  buffer = Buffer.allocUnsafe(CHUNK + ROOM)
  #used = 0
  frames = 0
  /** On the wire. */
  bytes = 0

  /** `clock` tells the time of a frame, µs since the epoch. */
  constructor(clock: { readonly now: number }) {
    this.#clock = clock
  }

  get isFull(): boolean {
    return this.#used >= CHUNK
  }

  /** The records so far; begins a new chunk. */
  take(): Buffer {
    const chunk = this.buffer.subarray(0, this.#used)
    this.buffer = Buffer.allocUnsafe(CHUNK + ROOM)
    this.#used = 0
    return chunk
  }

  /** Begins a record of `held` bytes out of `length`; returns where in the buffer they go. */
  begin(held: number, length: number): number {
    const { buffer } = this
    const at = this.#used
    const { now } = this.#clock
    buffer.writeUInt32LE(Math.floor(now / 1e6), at)
    buffer.writeUInt32LE(now % 1e6, at + 4)
    buffer.writeUInt32LE(held, at + 8)
    buffer.writeUInt32LE(length, at + 12)
    this.#used = at + RECORD + held
    this.frames++
    this.bytes += length
    return at + RECORD
  }
}

/** Writes frames, with checksums. */
export class Wire {
  readonly records: Records
  readonly #dice: Dice
  #id = 1

  constructor(records: Records, dice: Dice) {
    this.records = records
    this.#dice = dice
  }

  /** Any frame, from the layer above Ethernet. */
  send(source: string, target: string, content: Content): void {
    this.frame(ethernet({ src: source, dst: target }, layerOf(content)))
  }

  frame(bytes: Uint8Array, length = bytes.length): void {
    const at = this.records.begin(bytes.length, length)
    this.records.buffer.set(bytes, at)
  }

  tcp(to: Way, { seq, ack, flags, options, data }: TcpSegment): void {
    const extra = options?.length ?? 0
    const l4 = to.six ? 54 : 34
    const length = 20 + extra + data.length
    const at = this.records.begin(l4 + 20 + extra + data.bytes.length, l4 + length)
    const { buffer } = this.records
    this.#headers(to, at, length)
    const tcp = at + l4
    const word = ((20 + extra) << 10) | flags
    buffer.writeUInt32BE(seq, tcp + 4)
    buffer.writeUInt32BE(ack, tcp + 8)
    buffer.writeUInt16BE(word, tcp + 12)
    buffer.writeUInt16BE(64240, tcp + 14)
    if (options !== undefined) buffer.set(options, tcp + 20)
    let sum = to.sum + length + halves(seq) + halves(ack) + word + 64240 + data.sum
    if (options !== undefined) sum += sumOf(options)
    sum += this.#content(data, tcp + 20 + extra)
    buffer.writeUInt16BE(~fold(sum) & 0xffff, tcp + 16)
  }

  /** A datagram; `id` takes the place of its first two bytes, which must be zero. */
  udp(to: Way, data: Payload, id?: number): void {
    const l4 = to.six ? 54 : 34
    const length = 8 + data.length
    const at = this.records.begin(l4 + 8 + data.bytes.length, l4 + length)
    const { buffer } = this.records
    this.#headers(to, at, length)
    const udp = at + l4
    buffer.writeUInt16BE(length, udp + 4)
    let sum = to.sum + 2 * length + data.sum + this.#content(data, udp + 8)
    if (id !== undefined) {
      buffer.writeUInt16BE(id, udp + 8)
      sum += id
    }
    // RFC 768: zero would mean "no checksum".
    buffer.writeUInt16BE(~fold(sum) & 0xffff || 0xffff, udp + 6)
  }

  #headers(to: Way, at: number, length: number): void {
    const { buffer } = this.records
    buffer.set(to.head, at)
    if (to.six) {
      buffer.writeUInt16BE(length, at + 18)
      return
    }
    this.#id = (this.#id + 1) & 0xffff
    buffer.writeUInt16BE(length + 20, at + 16)
    buffer.writeUInt16BE(this.#id, at + 18)
    buffer.writeUInt16BE(~fold(to.ipSum + length + 20 + this.#id) & 0xffff, at + 24)
  }

  /** Copies the payload; returns what its stamp adds to the sum. */
  #content(data: Payload, at: number): number {
    const { buffer } = this.records
    buffer.set(data.bytes, at)
    const { stamp } = data
    let sum = 0
    if (stamp === undefined) return sum
    for (let i = 0; i < stamp.size; i += 2) {
      const value = this.#dice.int(0, 0xffff)
      buffer.writeUInt16BE(value, at + stamp.at + i)
      sum += value
    }
    return sum
  }
}

/** The frames of a chunk. */
export function* framesOf(chunk: Buffer): Generator<Frame> {
  for (let at = 0; at < chunk.length; ) {
    const held = chunk.readUInt32LE(at + 8)
    yield {
      time: chunk.readUInt32LE(at) * 1e6 + chunk.readUInt32LE(at + 4),
      bytes: chunk.subarray(at + RECORD, at + RECORD + held),
      wirelen: chunk.readUInt32LE(at + 12),
    }
    at += RECORD + held
  }
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff)
}

function fold(sum: number): number {
  let left = sum
  while (left > 0xffff) left = (left & 0xffff) + Math.floor(left / 0x10000)
  return left
}
