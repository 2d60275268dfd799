import { unixClock } from './clock.ts'
import { type FragmentEvent } from './fragment.ts'
import { MessageEvent } from './message.ts'
import { type Packet } from './packet.ts'
import { eventFlags, eventKind, eventVersion, l7, layout } from './record.ts'

export interface DefragmentLimits {
  /** Datagrams under way. */
  readonly datagrams: number
  /** Bytes of one datagram, the UDP header included. */
  readonly bytes: number
  /** µs of event time from a datagram's first fragment (RFC 791 3.2 suggests 15 s). */
  readonly timeout: number
}

/** What became of datagrams: never without a trace. */
export interface DefragmentCounters {
  complete: number
  /** Fragments that overlap in other than equal bytes: RFC 5722 refuses them, and so do we. */
  overlapping: number
  /** Longer than the limit: told cut; or empty where more should follow. */
  oversized: number
  expired: number
  evicted: number
}

interface Datagram {
  readonly first: FragmentEvent
  readonly pieces: { from: number; bytes: Buffer }[]
  size: number
  end: number | undefined // known once the last fragment is there
  /** Longer than is kept. */
  beyond: boolean
  refused: boolean
}

const defaults: DefragmentLimits = { datagrams: 1024, bytes: 4096 + 8, timeout: 15_000_000 }
const UDP_HEADER = 8

/** Names by port, as the kernel knows them. */
const namePorts: readonly (readonly [number, number])[] = [
  [53, l7.L7_DNS],
  [5353, l7.L7_MDNS],
  [5355, l7.L7_LLMNR],
  [137, l7.L7_NBNS],
]

/**
 * Puts UDP datagrams of name services together from their IP fragments (RFC 791 3.2, RFC 8200 4.5).
 * Bounded in datagrams, bytes and event time; one with overlaps is refused whole. Of one
 * that never becomes whole, what stands at its beginning is told, cut.
 */
export class Defragmenter {
  readonly counters: DefragmentCounters = {
    complete: 0,
    overlapping: 0,
    oversized: 0,
    expired: 0,
    evicted: 0,
  }
  readonly #limits: DefragmentLimits
  readonly #emit: (message: MessageEvent) => void
  /** In the order of their first fragment. */
  readonly #datagrams = new Map<string, Datagram>()

  constructor(emit: (message: MessageEvent) => void, limits: Partial<DefragmentLimits> = {}) {
    this.#emit = emit
    this.#limits = { ...defaults, ...limits }
  }

  get datagrams(): number {
    return this.#datagrams.size
  }

  take(fragment: FragmentEvent): void {
    this.expire(fragment.packet.time)
    const key = keyOf(fragment)
    const datagram = this.#datagrams.get(key) ?? this.#add(key, fragment)
    if (datagram.refused) return
    this.#insert(datagram, fragment)
    if (datagram.refused || datagram.size !== datagram.end) return
    this.#tell(datagram, datagram.beyond)
    if (datagram.beyond) refuse(datagram)
    else this.#datagrams.delete(key)
    if (!datagram.beyond) this.counters.complete++
  }

  /** Gives up what is not whole in time at `time` (µs). */
  expire(time: number): void {
    for (const [key, datagram] of this.#datagrams) {
      if (datagram.first.packet.time + this.#limits.timeout >= time) return
      this.counters.expired++
      this.#giveUp(key, datagram)
    }
  }

  /** The end of everything. */
  clear(): void {
    for (const [key, datagram] of this.#datagrams) this.#giveUp(key, datagram)
  }

  #add(key: string, first: FragmentEvent): Datagram {
    const [oldest] = this.#datagrams
    if (oldest !== undefined && this.#datagrams.size >= this.#limits.datagrams) {
      this.counters.evicted++
      this.#giveUp(...oldest)
    }
    const state = { end: undefined, beyond: false, refused: false }
    const made: Datagram = { first, pieces: [], size: 0, ...state }
    this.#datagrams.set(key, made)
    return made
  }

  #insert(datagram: Datagram, fragment: FragmentEvent): void {
    const from = fragment.fragmentOffset
    const bytes = fragment.bytes.subarray(0, Math.max(0, this.#limits.bytes - from))
    if (bytes.length < fragment.bytes.length) this.#shorten(datagram)
    const more = fragment.more || bytes.length < fragment.bytes.length
    if (from >= this.#limits.bytes) return
    const to = from + bytes.length
    if (more && bytes.length === 0) {
      this.counters.oversized++
      refuse(datagram)
      return
    }
    const repeated = datagram.pieces.find(piece => piece.from === from && piece.bytes.equals(bytes))
    if (repeated !== undefined) return
    if (overlaps(datagram, from, to) || contradicts(datagram, to, more)) {
      this.counters.overlapping++
      refuse(datagram)
      return
    }
    datagram.pieces.push({ from, bytes })
    datagram.size += bytes.length
    if (!more) datagram.end = to
  }

  /** Only the front is kept, and told when it is whole. */
  #shorten(datagram: Datagram): void {
    if (!datagram.beyond) this.counters.oversized++
    datagram.beyond = true
    datagram.end ??= this.#limits.bytes
  }

  #giveUp(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key)
    if (!datagram.refused) this.#tell(datagram, true)
  }

  #tell({ first, pieces }: Datagram, cut: boolean): void {
    const sorted = pieces.sort((a, b) => a.from - b.from)
    let length = 0
    const front = sorted.filter(({ from, bytes }) => {
      if (from !== length) return false
      length += bytes.length
      return true
    })
    const udp = Buffer.concat(front.map(({ bytes }) => bytes))
    if (udp.length <= UDP_HEADER) return
    const message = messageOf(first.packet, udp, cut)
    if (message !== undefined) this.#emit(message)
  }
}

function keyOf({ id, packet }: FragmentEvent): string {
  const { family, protocol, vlan, source0, source1, source2, source3 } = packet
  const { destination0, destination1, destination2, destination3 } = packet
  const near = `${id} ${family} ${protocol} ${vlan} ${source0} ${destination0}`
  if (family === 4) return near
  return `${near} ${source1} ${source2} ${source3} ${destination1} ${destination2} ${destination3}`
}

function overlaps({ pieces }: Datagram, from: number, to: number): boolean {
  return pieces.some(piece => from < piece.from + piece.bytes.length && to > piece.from)
}

/** Two ends, or bytes behind the end. */
function contradicts({ pieces, end }: Datagram, to: number, more: boolean): boolean {
  if (end !== undefined) return !more || to > end
  return !more && pieces.some(piece => piece.from + piece.bytes.length > to)
}

/** Remembered for its time: later fragments do not begin it anew. */
function refuse(datagram: Datagram): void {
  datagram.refused = true
  datagram.pieces.length = 0
  datagram.size = 0
}

/** As the kernel would have sent it: a name service by its port, the client as the source. */
function messageOf(packet: Packet, udp: Buffer, cut: boolean): MessageEvent | undefined {
  const ports = [udp.readUInt16BE(0), udp.readUInt16BE(2)] as const
  const found = namePorts.find(([port]) => ports.includes(port))
  if (found === undefined) return undefined
  const [port, application] = found
  const reply = ports[0] === port && (ports[1] !== port || isAnswer(udp, packet))
  const length = Math.min(udp.length, Math.max(udp.readUInt16BE(4), UDP_HEADER))
  const payload = udp.subarray(UDP_HEADER, length)
  const { event, event_message } = layout
  const view = new DataView(new ArrayBuffer(event.at.body + event_message.size + payload.length))
  writeHead(view, packet, ports, {
    size: payload.length,
    flags: (reply ? eventFlags.EVENT_REPLY : 0) | (cut ? eventFlags.EVENT_CUT : 0),
  })
  const body = event.at.body
  view.setUint32(body + event_message.at.end, payload.length, true)
  view.setUint32(body + event_message.at.length, payload.length, true)
  view.setUint8(body + event_message.at.l7, application)
  new Uint8Array(view.buffer).set(payload, body + event_message.size)
  return new MessageEvent(view, 0, unixClock)
}

/** RFC 1035 4.1.1: QR tells who asked, but for what is sent to a group: nobody asks from there. */
function isAnswer(udp: Buffer, { family, destination0 }: Packet): boolean {
  const first = destination0 >>> 24
  const isGroup = family === 4 ? first >= 0xe0 : first === 0xff
  return udp.length > UDP_HEADER + 2 && udp.readUInt8(UDP_HEADER + 2) >= 0x80 && !isGroup
}

function writeHead(
  view: DataView,
  packet: Packet,
  [from, to]: readonly [number, number],
  { size, flags }: { size: number; flags: number },
): void {
  const { at } = layout.event
  view.setBigUint64(at.time, BigInt(Math.round(packet.time * 1000)), true)
  view.setUint8(at.version, eventVersion)
  view.setUint8(at.kind, eventKind.EVENT_MESSAGE)
  view.setUint8(at.family, packet.family)
  view.setUint8(at.protocol, packet.protocol)
  view.setUint32(at.ifindex, packet.ifindex, true)
  const kept = eventFlags.EVENT_EGRESS | eventFlags.EVENT_ON_LINK
  view.setUint16(at.flags, flags | (packet.flags & kept), true)
  view.setUint16(at.vlan, packet.vlan, true)
  view.setUint16(at.inner_vlan, packet.innerVlan, true)
  view.setUint16(at.size, size, true)
  writeMac(view, at.src_mac, packet.sourceMacHigh, packet.sourceMacLow)
  writeMac(view, at.dst_mac, packet.destinationMacHigh, packet.destinationMacLow)
  view.setUint16(at.src_port, from, true)
  view.setUint16(at.dst_port, to, true)
  const { source0, source1, source2, source3 } = packet
  const { destination0, destination1, destination2, destination3 } = packet
  const words = [source0, source1, source2, source3, destination0, destination1, destination2]
  for (const [i, word] of [...words, destination3].entries()) view.setInt32(at.src + 4 * i, word)
  view.setUint8(at.ttl, packet.ttl)
}

function writeMac(view: DataView, at: number, high: number, low: number): void {
  for (const [i, part] of [high, low].entries()) {
    view.setUint8(at + 3 * i, part >>> 16)
    view.setUint16(at + 3 * i + 1, part & 0xffff)
  }
}
