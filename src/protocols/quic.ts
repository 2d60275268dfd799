import { QuicFlow } from './quic-flow.ts'
import { type QuicNews } from './quic-news.ts'
import { varint, varintSize } from './quic-packet.ts'
import { type ClientHello } from './tls-hello.ts'

/** Bounds of a QuicAssembler. */
export interface QuicLimits {
  /** Flows remembered at a time. */
  readonly flows: number
  /** Bytes of hellos not yet whole, over all flows. */
  readonly bytes: number
  /** Microseconds of packet time from a flow's first datagram until it is forgotten. */
  readonly lifetime: number
}

interface Entry {
  readonly since: number
  readonly flow: QuicFlow
}

/**
 * Puts QUIC handshakes together: Initial packets are decrypted and their CRYPTO frames joined, by
 * flow. Bounded in flows, bytes and packet time; the oldest flow goes first. `K` is whatever tells
 * conversations apart.
 */
export class QuicAssembler<K> {
  readonly #flows = new Map<K, Entry>()
  readonly #limits: QuicLimits
  readonly #onPartial: (flow: K, news: QuicNews) => void
  #bytes = 0
  /** Flows given up before their time, for want of room. */
  evicted = 0

  /** `onPartial` gets the hellos that never became whole, marked cut, when their flow goes. */
  constructor(
    limits: Partial<QuicLimits> = {},
    onPartial: (flow: K, news: QuicNews) => void = () => undefined,
  ) {
    this.#limits = { flows: 8192, bytes: 16 << 20, lifetime: 20_000_000, ...limits }
    this.#onPartial = onPartial
  }

  get flows(): number {
    return this.#flows.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes the payload of a UDP datagram at `time` (microseconds of packet time). Gives what it tells
   * beyond what its flow told before: a whole ClientHello or ServerHello, a Retry, the versions a
   * server offers. The bytes are not kept.
   */
  datagram(key: K, fromResponder: boolean, bytes: Uint8Array, time: number): QuicNews | undefined {
    this.expire(time)
    // Only long headers matter here; everything after the handshake has the short one.
    if (((bytes[0] ?? 0) & 0x80) === 0) return undefined
    const { flow } = this.#entry(key, time)
    const before = flow.size
    const news = flow.take(bytes, fromResponder)
    this.#bytes += flow.size - before
    while (this.#bytes > this.#limits.bytes && this.#flows.size > 0) this.#evict()
    return news
  }

  /** Forgets the flows whose time is over at `time`. */
  expire(time: number): void {
    for (const [key, { since }] of this.#flows) {
      if (time - since <= this.#limits.lifetime) return
      this.#forget(key)
    }
  }

  /** Forgets all flows, as at the end of a capture. */
  clear(): void {
    for (const key of this.#flows.keys()) this.#forget(key)
  }

  #entry(key: K, time: number): Entry {
    const known = this.#flows.get(key)
    if (known !== undefined) return known
    if (this.#flows.size >= this.#limits.flows) this.#evict()
    const entry = { since: time, flow: new QuicFlow() }
    this.#flows.set(key, entry)
    return entry
  }

  #evict(): void {
    for (const key of this.#flows.keys()) {
      this.evicted++
      this.#forget(key)
      return
    }
  }

  #forget(key: K): void {
    const entry = this.#flows.get(key)
    if (entry === undefined) return
    this.#flows.delete(key)
    this.#bytes -= entry.flow.size
    const rest = entry.flow.rest()
    if (rest !== undefined) this.#onPartial(key, rest)
  }
}

// Google's transport parameter `user_agent`.
const USER_AGENT = 0x3129
const MAX_PARAMETERS = 64

/** Software that names itself in its transport parameters (RFC 9000 18: varint id, length, value). */
export function quicUserAgent(hello: ClientHello): string | undefined {
  const bytes = hello.quicParameters
  if (bytes === undefined) return undefined
  let at = 0
  for (let count = 0; count < MAX_PARAMETERS && at < bytes.length; count++) {
    const lengthAt = at + varintSize(bytes, at)
    const from = lengthAt + varintSize(bytes, lengthAt)
    const to = from + varint(bytes, lengthAt)
    if (to > bytes.length) return undefined
    if (varint(bytes, at) === USER_AGENT && to > from) {
      return Buffer.from(bytes.subarray(from, to)).toString('utf8')
    }
    at = to
  }
  return undefined
}
