/** Octets that are searched for a text or the end of a line: as many as the kernel copies. */
const REACH = 64

/** The first bytes of one side of a flow, and what else may tell protocols apart. */
export interface FirstBytes {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Octets of the whole segment or datagram, where `bytes` hold only its beginning. */
  readonly size?: number
  readonly transport: 'tcp' | 'udp'
  /** The responder of the flow sent them. */
  readonly fromServer: boolean
  /** Port of the responder: it decides between candidates, it is never enough. */
  readonly serverPort: number
}

/** Reads at offsets from the first byte; bytes that do not exist read as -1, so that nothing equals them. */
export class Probe {
  readonly fromServer: boolean
  readonly port: number
  /** Octets of the segment or datagram; those behind the ones at hand read as -1. */
  readonly length: number
  /** Octets at hand. */
  readonly held: number
  readonly #bytes: Uint8Array
  readonly #start: number
  #line = -1

  constructor({ bytes, start, end, size, fromServer, serverPort }: FirstBytes) {
    this.#bytes = bytes
    this.#start = Math.max(start, 0)
    this.held = Math.max(0, Math.min(end, bytes.length) - this.#start)
    this.length = Math.max(this.held, size ?? 0)
    this.fromServer = fromServer
    this.port = serverPort
  }

  u8(at: number): number {
    return at < this.held ? (this.#bytes[this.#start + at] ?? -1) : -1
  }

  u16(at: number): number {
    return at + 2 <= this.held ? this.u8(at) * 256 + this.u8(at + 1) : -1
  }

  u32(at: number): number {
    return at + 4 <= this.held ? this.u16(at) * 65_536 + this.u16(at + 2) : -1
  }

  u16le(at: number): number {
    return at + 2 <= this.held ? this.u8(at) + this.u8(at + 1) * 256 : -1
  }

  u32le(at: number): number {
    return at + 4 <= this.held ? this.u16le(at) + this.u16le(at + 2) * 65_536 : -1
  }

  /** True when the ASCII `text` stands at `at`. */
  is(at: number, text: string): boolean {
    if (at < 0 || at + text.length > this.held) return false
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[this.#start + at + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  /** True when one of the ASCII texts stands at the first byte. */
  starts(...texts: readonly string[]): boolean {
    for (const text of texts) if (this.is(0, text)) return true
    return false
  }

  /**
   * True when the ASCII `text` stands somewhere in the first `within` bytes, 64 at most. One pass
   * whatever the bytes: the first character of `text` must not stand in it again, save as its last.
   */
  has(text: string, within = REACH): boolean {
    const bytes = this.#bytes
    const last = this.#start + Math.min(this.held, within, REACH) - text.length
    const first = text.charCodeAt(0)
    for (let at = this.#start; at <= last; ) {
      const same = bytes[at] === first ? this.#sameFor(at, text) : 0
      if (same === text.length) return true
      at += same || 1
    }
    return false
  }

  /** True when `text` stands in the first line. */
  lineHas(text: string): boolean {
    return this.has(text, this.lineLength())
  }

  /** True when the first line ends in `text`. */
  lineEnds(text: string): boolean {
    return this.is(this.lineLength() - text.length, text)
  }

  /** Octets of the first line without its end, 64 at most; all there are when it does not end. */
  lineLength(): number {
    if (this.#line < 0) this.#line = this.#measureLine()
    return this.#line
  }

  /** True when the first `count` bytes (fewer, if there are fewer) are printable ASCII or line ends. */
  printable(count = 64): boolean {
    const most = Math.min(this.held, count)
    for (let at = 0; at < most; at++) {
      const c = this.u8(at)
      if ((c < 32 && c !== 13 && c !== 10 && c !== 9) || c > 126) return false
    }
    return most > 0
  }

  /** True for one of the usual ports of a protocol. */
  on(...ports: readonly number[]): boolean {
    return ports.includes(this.port)
  }

  /** Big-endian length field at `at` of `size` octets that counts all bytes behind itself. */
  fills(at: number, size: 2 | 4): boolean {
    return (size === 2 ? this.u16(at) : this.u32(at)) === this.length - at - size
  }

  /** Octets of a BER element at `at`, its tag and length included; 0 when there is none (X.690 8.1.3). */
  berSize(at: number): number {
    const first = this.u8(at + 1)
    if (first < 0) return 0
    if (first < 0x80) return 2 + first
    if (first === 0x81) return 3 + Math.max(this.u8(at + 2), 0)
    if (first === 0x82) return 4 + Math.max(this.u16(at + 2), 0)
    return first === 0x84 ? 6 + Math.max(this.u32(at + 2), 0) : 0
  }

  /** Offset of the content of the BER element at `at`. */
  berContent(at: number): number {
    const first = this.u8(at + 1)
    return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f)
  }

  #measureLine(): number {
    const bytes = this.#bytes
    const most = this.#start + Math.min(this.held, REACH)
    for (let at = this.#start; at < most; at++) {
      const c = bytes[at]
      if (c === 10 || c === 13) return at - this.#start
    }
    return most - this.#start
  }

  /** How many characters of `text` stand at offset `at` of the memory, the first of them surely. */
  #sameFor(at: number, text: string): number {
    let same = 1
    while (same < text.length && this.#bytes[at + same] === text.charCodeAt(same)) same++
    return same
  }
}

/** How to tell one protocol by its first bytes. */
export interface Signature {
  readonly protocol: string
  readonly transport: 'tcp' | 'udp' | 'both'
  /** Values of the first byte; any when empty. */
  readonly first: readonly number[]
  readonly test: (probe: Probe) => boolean
}

type Test = Signature['test']

/** `first`: octets, or the ASCII characters of a string. */
export function tcp(protocol: string, first: readonly number[] | string, test: Test): Signature {
  return { protocol, transport: 'tcp', first: octets(first), test }
}

export function udp(protocol: string, first: readonly number[] | string, test: Test): Signature {
  return { protocol, transport: 'udp', first: octets(first), test }
}

export function both(protocol: string, first: readonly number[] | string, test: Test): Signature {
  return { protocol, transport: 'both', first: octets(first), test }
}

function octets(first: readonly number[] | string): readonly number[] {
  return typeof first === 'string' ? [...Buffer.from(first)] : first
}
