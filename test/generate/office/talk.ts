import { u8, u16 } from '../bytes.ts'
import { concat } from '../packets.ts'
import { ACK, FIN, PSH, RST, SYN } from '../transport.ts'
import { type Dice } from './dice.ts'
import { NOTHING, type Payload, segments } from './payload.ts'
import { type Process } from './schedule.ts'
import { type End, TCP, UDP, type Way, type Wire, way } from './wire.ts'

/** What one side says, after a pause (µs). */
export interface Say {
  readonly from: 'client' | 'server'
  readonly data: Payload
  readonly wait?: number
}

/** How a TCP conversation goes. */
export interface Talk {
  readonly client: End
  readonly server: End
  /** µs. */
  readonly rtt: number
  readonly says: Iterable<Say>
  readonly close?: 'fin' | 'server-fin' | 'rst' | 'none'
  /** Nobody answers, or the port is closed. */
  readonly fate?: 'silent' | 'refused'
}

/** What conversations need. */
export interface Medium {
  readonly wire: Wire
  readonly dice: Dice
  /** µs since the epoch. */
  readonly now: number
}

/** What a TCP segment carries at most when the sensor sees it joined (GRO). */
const JOINED = 32 * 1448

// As clients send them: MSS, SACK permitted, window scale; 12 bytes.
const OPTIONS = concat(u8(2, 4), u16(1460), u8(1, 3, 3, 8, 1, 1, 4, 2))

/** A TCP conversation from handshake to end. */
export function* converse(medium: Medium, talk: Talk): Process {
  const stream = new Stream(medium, talk)
  if (!(yield* stream.handshake())) return
  for (const say of talk.says) yield* stream.say(say)
  yield* stream.close(talk.close ?? 'fin')
}

type Side = 'client' | 'server'

class Stream {
  readonly #medium: Medium
  readonly #talk: Talk
  readonly #ways: Record<Side, Way>
  readonly #next: Record<Side, number>
  #time: number
  #last: Side = 'client'

  constructor(medium: Medium, talk: Talk) {
    this.#medium = medium
    this.#talk = talk
    const { client, server } = talk
    this.#ways = {
      client: way(client, server, TCP),
      server: way(server, client, TCP, 56),
    }
    this.#next = { client: medium.dice.word(), server: medium.dice.word() }
    this.#time = medium.now
  }

  /** False when there is no connection. */
  *handshake(): Generator<number, boolean, void> {
    const { rtt, fate } = this.#talk
    this.#send('client', SYN, NOTHING, OPTIONS)
    if (fate === 'silent') {
      for (const pause of [1e6, 2e6, 4e6]) {
        yield this.#after(pause)
        this.#send('client', SYN, NOTHING, OPTIONS)
      }
      return false
    }
    yield this.#after(rtt)
    if (fate === 'refused') {
      this.#next.client++
      this.#next.server = 0
      this.#send('server', RST | ACK)
      return false
    }
    this.#next.client++
    this.#send('server', SYN | ACK, NOTHING, OPTIONS)
    this.#next.server++
    yield this.#after(60)
    this.#send('client', ACK)
    return true
  }

  *say({ from, data, wait = 0 }: Say): Process {
    const { rtt } = this.#talk
    const other: Side = from === 'client' ? 'server' : 'client'
    yield this.#after(wait + (from === 'client' ? 80 : this.#last === 'client' ? rtt : 50))
    this.#last = from
    let count = 0
    for (const part of joined(data)) {
      if (count > 0) yield this.#after(40)
      this.#send(from, ACK | PSH, part)
      this.#next[from] += part.length
      count++
      // A client acknowledges at once what the sensor sees, a server a round trip later.
      if (count % 2 === 0 || part.length > 1460) {
        yield this.#after(from === 'client' ? rtt : 50)
        this.#send(other, ACK)
      }
    }
  }

  *close(how: 'fin' | 'server-fin' | 'rst' | 'none'): Process {
    if (how === 'none') return
    const first: Side = how === 'server-fin' ? 'server' : 'client'
    const other: Side = first === 'client' ? 'server' : 'client'
    yield this.#after(200)
    if (how === 'rst') {
      this.#send('client', RST | ACK)
      return
    }
    this.#send(first, FIN | ACK)
    this.#next[first]++
    yield this.#after(this.#talk.rtt)
    this.#send(other, FIN | ACK)
    this.#next[other]++
    yield this.#after(60)
    this.#send(first, ACK)
  }

  #after(pause: number): number {
    this.#time = Math.round(this.#time + pause)
    return this.#time
  }

  #send(from: Side, flags: number, data: Payload = NOTHING, options?: Uint8Array): void {
    const ack = flags & ACK ? this.#next[from === 'client' ? 'server' : 'client'] >>> 0 : 0
    const seq = this.#next[from] >>> 0
    const more = options === undefined ? {} : { options }
    this.#medium.wire.tcp(this.#ways[from], { seq, ack, flags, data, ...more })
  }
}

/** A message as segments; data that nobody looks into as large ones. */
function joined(data: Payload): Payload[] {
  if (data.bytes.length === data.length || data.length <= JOINED) return segments(data)
  const parts: Payload[] = [{ ...data, length: JOINED }]
  for (let left = data.length - JOINED; left > 0; left -= JOINED) {
    parts.push({ bytes: ZEROS, length: Math.min(left, JOINED), sum: 0 })
  }
  return parts
}

// Shorter than any part but the last; that one may be shorter still, on the wire as well.
const ZEROS = new Uint8Array(0)

/** Datagrams between two ends, each with its pause (µs) before it. */
export function* datagrams(
  { wire, now }: Medium,
  { client, server, says }: Pick<Talk, 'client' | 'server'> & { readonly says: Iterable<Say> },
): Process {
  const out = way(client, server, UDP)
  const back = way(server, client, UDP, 56)
  let time = now
  let first = true
  for (const { from, data, wait = 0 } of says) {
    time = Math.round(time + wait)
    if (!first || wait > 0) yield time
    first = false
    wire.udp(from === 'client' ? out : back, data)
  }
}
