import { concat, type Layer, random, u8 } from './bytes.ts'
import { ipv4, ipv6 } from './ip.ts'
import { ethernet } from './link.ts'
import { ACK, FIN, PSH, RST, SYN, synOptions, tcp, timestampOption } from './transport.ts'

/** A part of a byte stream: where it starts and what it holds. */
export interface Segment {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Cuts a message into segments; `cuts` are byte offsets in it, in any order. */
export function segment(bytes: Uint8Array, cuts: readonly number[] = []): Segment[] {
  const inside = cuts.filter(cut => cut > 0 && cut < bytes.length).sort((a, b) => a - b)
  const starts = [...new Set([0, ...inside])]
  return starts.map((offset, i) => ({ offset, bytes: bytes.slice(offset, starts[i + 1]) }))
}

/** Cuts a message every `size` bytes. */
export function segmentEvery(bytes: Uint8Array, size: number): Segment[] {
  const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => i * size)
  return segment(bytes, cuts)
}

/** The segments in another order: reversed, or shuffled by a seed. */
export function reorder(segments: readonly Segment[], seed?: number): Segment[] {
  const out = [...segments]
  if (seed === undefined) return out.reverse()
  const next = random(seed)
  for (let i = out.length - 1; i > 0; i--) swap(out, i, Math.floor(next() * (i + 1)))
  return out
}

function swap(list: Segment[], i: number, j: number): void {
  const [a, b] = [list[i], list[j]]
  if (a && b) [list[i], list[j]] = [b, a]
}

/** Every segment sent twice: at once, or the whole row again at the end. */
export function duplicate(
  segments: readonly Segment[],
  how: 'at-once' | 'at-end' = 'at-once',
): Segment[] {
  return how === 'at-end' ? [...segments, ...segments] : segments.flatMap(part => [part, part])
}

/** Segments that reach `extra` bytes back into the one before and forward into the next. */
export function overlap(bytes: Uint8Array, segments: readonly Segment[], extra: number): Segment[] {
  return segments.map(({ offset, bytes: own }) => {
    const from = Math.max(0, offset - extra)
    return { offset: from, bytes: bytes.slice(from, offset + own.length + extra) }
  })
}

/** One end of a conversation. */
export interface End {
  readonly ip: string
  readonly port: number
  readonly mac?: string
}

/** What one side says: whole bytes cut at `cuts`, or segments made by hand (see `reorder` …). */
export interface Turn {
  readonly from: 'client' | 'server'
  readonly bytes: Uint8Array
  readonly cuts?: readonly number[]
  readonly segments?: readonly Segment[]
  /** No ACK from the other side after this turn. */
  readonly silent?: boolean
}

/** How a TCP conversation goes. */
export interface ConversationOptions {
  readonly client: End
  readonly server: End
  /** Initial sequence numbers; close to 2^32 to see them wrap. */
  readonly clientSeq?: number
  readonly serverSeq?: number
  readonly handshake?: boolean
  readonly teardown?: 'fin' | 'rst' | 'none'
  readonly timestamps?: boolean
  /** Wraps the IP packet; Ethernet between the MACs of the ends if not given. */
  readonly wrap?: (packet: Layer, from: End, to: End) => Uint8Array
}

/** Frames of a TCP conversation: handshake, the turns in order, teardown. */
export function tcpConversation(
  options: ConversationOptions,
  turns: readonly Turn[],
): Uint8Array[] {
  const talk = new Talk(options)
  if (options.handshake !== false) talk.handshake()
  for (const turn of turns) talk.turn(turn)
  talk.teardown(options.teardown ?? 'fin')
  return talk.frames
}

/** Frames of a UDP or other datagram exchange: `packet` makes the layer for the two ends. */
export function datagrams(
  client: End,
  server: End,
  exchange: readonly {
    readonly from: 'client' | 'server'
    readonly layer: (src: End, dst: End) => Layer
  }[],
): Uint8Array[] {
  return exchange.map(({ from, layer }) => {
    const [src, dst] = from === 'client' ? [client, server] : [server, client]
    return onEthernet(between(src, dst, layer(src, dst)), src, dst)
  })
}

/** The layer in IPv4 or IPv6, as the addresses of the ends say. */
export function between(src: End, dst: End, layer: Layer): Layer {
  const ends = { src: src.ip, dst: dst.ip }
  return src.ip.includes(':') ? ipv6(ends, layer) : ipv4({ ...ends, dontFragment: true }, layer)
}

function onEthernet(packet: Layer, from: End, to: End): Uint8Array {
  return ethernet(
    { src: from.mac ?? '02:00:00:00:00:01', dst: to.mac ?? '02:00:00:00:00:02' },
    packet,
  )
}

type Side = 'client' | 'server'

class Talk {
  readonly frames: Uint8Array[] = []
  readonly #options: ConversationOptions
  readonly #next: Record<Side, number>
  #clock = 1

  constructor(options: ConversationOptions) {
    this.#options = options
    this.#next = { client: options.clientSeq ?? 1000, server: options.serverSeq ?? 5000 }
  }

  handshake(): void {
    this.#send('client', SYN, { extra: synOptions(), ack: 0 })
    this.#next.client++
    this.#send('server', SYN | ACK, { extra: synOptions() })
    this.#next.server++
    this.#send('client', ACK)
  }

  turn({ from, bytes, cuts, segments, silent }: Turn): void {
    const start = this.#next[from]
    for (const part of segments ?? segment(bytes, cuts)) {
      this.#send(from, PSH | ACK, { seq: start + part.offset, bytes: part.bytes })
    }
    this.#next[from] = start + bytes.length
    if (!silent) this.#send(from === 'client' ? 'server' : 'client', ACK)
  }

  teardown(how: 'fin' | 'rst' | 'none'): void {
    if (how === 'rst') this.#send('client', RST | ACK)
    if (how !== 'fin') return
    this.#send('client', FIN | ACK)
    this.#next.client++
    this.#send('server', FIN | ACK)
    this.#next.server++
    this.#send('client', ACK)
  }

  #send(
    from: Side,
    flags: number,
    more: { seq?: number; ack?: number; bytes?: Uint8Array; extra?: Uint8Array } = {},
  ): void {
    const { client, server, timestamps, wrap = onEthernet } = this.#options
    const [src, dst] = from === 'client' ? [client, server] : [server, client]
    const stamps = timestamps && !more.extra ? timestampOption(this.#clock++) : u8()
    const layer = tcp(
      {
        srcPort: src.port,
        dstPort: dst.port,
        seq: (more.seq ?? this.#next[from]) >>> 0,
        ack: (more.ack ?? this.#next[from === 'client' ? 'server' : 'client']) >>> 0,
        flags,
        options: more.extra ?? stamps,
      },
      more.bytes ?? concat(),
    )
    this.frames.push(wrap(between(src, dst, layer), src, dst))
  }
}
