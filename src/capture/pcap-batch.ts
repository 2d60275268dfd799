/** Bytes of `struct replay_packet` before each packet. */
export const PACKET_HEADER = 24

/**
 * Packets packed for the parser, one after the other, each
 * `struct replay_packet { u64 time_ns; u32 caplen; u32 wirelen; u32 ifindex; u16 linktype; u16 pad; }`
 * (little-endian, 8-byte aligned), then its bytes padded to 8. The padding is not cleared.
 */
export interface Batch {
  /** The packets stand in the first `length` bytes, until the next batch is asked for. */
  readonly buffer: Buffer
  readonly length: number
  readonly packets: number
  /** Time of the last packet, µs since the epoch. */
  readonly lastTime: number
  /** Bytes taken from the file so far (of a gzip: compressed ones). */
  readonly bytesRead: number
  /** Size of the file; absent for pipes. */
  readonly totalBytes?: number
}

/** Fills a batch from input that lies in the same memory. */
export class BatchWriter {
  readonly buffer: Buffer
  readonly #memory: Buffer
  readonly #base: number
  readonly #words: Uint32Array
  length = 0
  packets = 0
  /** Time of the packet written last, ns since the epoch in two halves. */
  timeLow = 0
  timeHigh = 0

  /** `base`: where in the memory the batch begins, a multiple of 8. */
  constructor(memory: Buffer, base: number) {
    this.buffer = memory.subarray(base)
    this.#memory = memory
    this.#base = base
    this.#words = new Uint32Array(memory.buffer, memory.byteOffset + base, this.buffer.length >>> 2)
  }

  clear(): void {
    this.length = 0
    this.packets = 0
  }

  /** Time of the last packet, µs since the epoch. */
  get lastTime(): number {
    return (this.timeHigh * 4_294_967_296) / 1000 + this.timeLow / 1000
  }

  /**
   * Appends the packet at `at` of the memory, with the time in `timeLow` and `timeHigh`. There is
   * always room: the batch has twice the size of the input that it is made from, and a packet
   * grows by less than that.
   */
  add(at: number, caplen: number, wirelen: number, ifindex: number, linktype: number): void {
    const words = this.#words
    const word = this.length >>> 2
    words[word] = this.timeLow
    words[word + 1] = this.timeHigh
    words[word + 2] = caplen
    words[word + 3] = Math.max(wirelen, caplen)
    words[word + 4] = ifindex
    words[word + 5] = linktype
    const target = this.#base + this.length + PACKET_HEADER
    // Within one memory this is 3x cheaper than Buffer.copy (15 against 50 ns for 128 bytes).
    this.#memory.copyWithin(target, at, at + caplen)
    this.length += PACKET_HEADER + ((caplen + 7) & ~7)
    this.packets++
  }
}
