import { gzipSync } from 'node:zlib'

/** A packet of a capture file: its time in ns since the epoch, its bytes, its length on the wire. */
export interface CapturedPacket {
  readonly time: bigint
  readonly bytes: Uint8Array
  readonly wirelen?: number
}

/** How a classic pcap file is written. */
export interface PcapOptions {
  readonly bigEndian?: boolean
  /** `modified`: Kuznetzov's format with longer packet headers. */
  readonly resolution?: 'us' | 'ns' | 'modified'
  readonly linktype?: number
  readonly snaplen?: number
  readonly minor?: number
}

/** 2024-01-01 00:00:00 UTC, ns. */
export const START = 1_704_067_200_000_000_000n

/** Packets of raw frames, `step` ns apart. */
export function captured(
  frames: readonly Uint8Array[],
  start = START,
  step = 1_000_000n,
): CapturedPacket[] {
  return frames.map((bytes, i) => ({ time: start + BigInt(i) * step, bytes }))
}

/** A pcap file in memory. */
export function pcap(packets: readonly CapturedPacket[], options: PcapOptions = {}): Buffer {
  return Buffer.concat([pcapHeader(options), ...packets.map(packet => pcapRecord(packet, options))])
}

/** The 24-byte header of a pcap file. */
export function pcapHeader(options: PcapOptions = {}): Buffer {
  const magic = { us: 0xa1b2c3d4, ns: 0xa1b23c4d, modified: 0xa1b2cd34 }[options.resolution ?? 'us']
  const order = new Order(options.bigEndian)
  return Buffer.concat([
    order.u32(magic),
    order.u16(2, options.minor ?? 4),
    order.u32(0, 0, options.snaplen ?? 262_144, options.linktype ?? 1),
  ])
}

/** One record of a pcap file. */
export function pcapRecord(packet: CapturedPacket, options: PcapOptions = {}): Buffer {
  const order = new Order(options.bigEndian)
  const fraction = packet.time % 1_000_000_000n
  return Buffer.concat([
    order.u32(
      Number(packet.time / 1_000_000_000n),
      Number(options.resolution === 'ns' ? fraction : fraction / 1000n),
      packet.bytes.length,
      packet.wirelen ?? packet.bytes.length,
    ),
    options.resolution === 'modified' ? Buffer.alloc(8) : Buffer.alloc(0),
    packet.bytes,
  ])
}

/** Writes the blocks of a pcapng file in one byte order. */
export class Pcapng {
  readonly #order: Order
  readonly #blocks: Buffer[] = []

  constructor(options: { readonly bigEndian?: boolean } = {}) {
    this.#order = new Order(options.bigEndian)
  }

  /** Section header block; starts a section. */
  section(options: readonly PcapngOption[] = []): this {
    const o = this.#order
    const fixed = Buffer.concat([o.u32(0x1a2b3c4d), o.u16(1, 0), o.u32(0xffffffff, 0xffffffff)])
    return this.block(0x0a0d0d0a, fixed, options)
  }

  /** Interface description block. */
  interface(options: {
    readonly linktype?: number
    readonly snaplen?: number
    readonly name?: string
    /** Raw byte: 6 = µs, 9 = ns, 0x80 | n = 2^-n s. */
    readonly resolution?: number
    /** Seconds added to every time. */
    readonly offset?: bigint
    readonly more?: readonly PcapngOption[]
  }): this {
    const o = this.#order
    const list: PcapngOption[] = [...(options.more ?? [])]
    if (options.name !== undefined) list.push([2, Buffer.from(options.name)])
    if (options.resolution !== undefined) list.push([9, Buffer.of(options.resolution)])
    if (options.offset !== undefined) list.push([14, o.i64(options.offset)])
    const fixed = Buffer.concat([o.u16(options.linktype ?? 1, 0), o.u32(options.snaplen ?? 0)])
    return this.block(1, fixed, list)
  }

  /** Enhanced packet block; `units` is the time in the interface's units. */
  packet(
    id: number,
    units: bigint,
    bytes: Uint8Array,
    more: { readonly wirelen?: number; readonly options?: readonly PcapngOption[] } = {},
  ): this {
    const fixed = this.#order.u32(
      id,
      Number(units >> 32n),
      Number(units & 0xffffffffn),
      bytes.length,
      more.wirelen ?? bytes.length,
    )
    return this.block(6, Buffer.concat([fixed, bytes, padding(bytes.length)]), more.options)
  }

  /** Simple packet block: no time, interface 0. */
  simple(bytes: Uint8Array, wirelen = bytes.length): this {
    return this.block(3, Buffer.concat([this.#order.u32(wirelen), bytes, padding(bytes.length)]))
  }

  /** Obsolete packet block. */
  obsolete(id: number, units: bigint, bytes: Uint8Array, wirelen = bytes.length): this {
    const o = this.#order
    const fixed = Buffer.concat([
      o.u16(id, 0xffff),
      o.u32(Number(units >> 32n), Number(units & 0xffffffffn), bytes.length, wirelen),
    ])
    return this.block(2, Buffer.concat([fixed, bytes, padding(bytes.length)]))
  }

  /** Any block: its type, its padded body, options after it. */
  block(type: number, body: Uint8Array, options: readonly PcapngOption[] = []): this {
    const o = this.#order
    const tail = options.length > 0 ? [...options, [0, Buffer.alloc(0)] as const] : []
    const encoded = tail.map(([code, value]) =>
      Buffer.concat([o.u16(code, value.length), value, padding(value.length)]),
    )
    const content = Buffer.concat([body, ...encoded])
    const length = o.u32(content.length + 12)
    this.#blocks.push(Buffer.concat([o.u32(type), length, content, length]))
    return this
  }

  /** The file so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#blocks)
  }
}

/** Code and value of a pcapng option. */
export type PcapngOption = readonly [code: number, value: Uint8Array]

/** A pcapng file with one Ethernet interface and these packets, ns times. */
export function pcapng(
  packets: readonly CapturedPacket[],
  options: {
    readonly bigEndian?: boolean
    readonly linktype?: number
    readonly name?: string
  } = {},
): Buffer {
  const file = new Pcapng(options)
    .section()
    .interface({ linktype: options.linktype ?? 1, name: options.name ?? 'eth0', resolution: 9 })
  for (const { time, bytes, wirelen } of packets) {
    file.packet(0, time, bytes, wirelen === undefined ? {} : { wirelen })
  }
  return file.bytes()
}

/** gzip with one member for each part. */
export function gzipMembers(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.map(part => gzipSync(part, { level: 1 })))
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4)
}

class Order {
  readonly #big: boolean

  constructor(big = false) {
    this.#big = big
  }

  u16(...values: readonly number[]): Buffer {
    const list = values.map(value => Buffer.of(value, value >>> 8))
    return Buffer.concat(this.#big ? list.map(bytes => bytes.reverse()) : list)
  }

  u32(...values: readonly number[]): Buffer {
    const list = values.map(value => Buffer.of(value, value >>> 8, value >>> 16, value >>> 24))
    return Buffer.concat(this.#big ? list.map(bytes => bytes.reverse()) : list)
  }

  i64(value: bigint): Buffer {
    const out = Buffer.alloc(8)
    if (this.#big) out.writeBigInt64BE(value)
    else out.writeBigInt64LE(value)
    return out
  }
}
