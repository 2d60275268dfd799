/** What takes records out of the ring; `view` and what it shows are valid only during the call. */
export interface RecordTaker {
  /** A record of `length` bytes at `offset` of `view`: `struct event` of bpf/event.h. */
  record(view: DataView, offset: number, length: number): void
}

/**
 * The memory of a BPF ring buffer: `data` is the ring, and behind its end the beginning of the ring
 * once more, by at least the length of a record.
 */
export interface RingMemory {
  readonly consumer: ArrayBuffer
  readonly producer: ArrayBuffer
  readonly data: ArrayBuffer
  /** Bytes of the ring, a power of two. */
  readonly size: number
}

// include/uapi/linux/bpf.h: bits of the length word in a record's header.
const BUSY = 2 ** 31
const DISCARD = 1 << 30
const HEADER = 8

/**
 * Reads a BPF ring buffer in place. Kernel and reader share two positions that grow for ever: the
 * kernel's at the start of the producer page, ours at the start of the consumer page. A record is an
 * 8-byte header (u32 length with BUSY and DISCARD bits, u32 page offset) and its bytes, padded to 8;
 * it may run over the end of the ring, where the second mapping of the same pages continues it.
 *
 * Only the low 32 bits of the positions are compared: the ring is at most 2^31 bytes, so the
 * distance is exact modulo 2^32, and no BigInt is made for a record.
 */
export class RingReader {
  readonly size: number
  readonly #view: DataView
  readonly #words: Int32Array
  readonly #consumer: BigInt64Array
  readonly #producer: Int32Array
  #position: bigint

  constructor(memory: RingMemory) {
    if (memory.size < HEADER || (memory.size & (memory.size - 1)) !== 0) {
      throw new RangeError(`ring size ${memory.size} is not a power of two`)
    }
    this.size = memory.size
    this.#view = new DataView(memory.data)
    this.#words = new Int32Array(memory.data, 0, memory.size / 4)
    this.#consumer = new BigInt64Array(memory.consumer, 0, 1)
    this.#producer = new Int32Array(memory.producer, 0, 1)
    this.#position = Atomics.load(this.#consumer, 0)
  }

  /** Bytes that the kernel has reserved and we have not released. */
  get backlog(): number {
    return this.#distance(Number(BigInt.asUintN(32, this.#position)))
  }

  /**
   * Hands at most `limit` records to `taker` and releases them all at once at the end, also when
   * the taker throws. Discarded records are skipped, one that is still written ends the batch.
   * Returns the number of records handed over.
   */
  drain(taker: RecordTaker, limit = 4096): number {
    const start = Number(BigInt.asUintN(32, this.#position))
    const end = this.#distance(start)
    const mask = this.size - 1
    let done = 0
    let taken = 0
    try {
      while (done < end && taken < limit) {
        const at = (start + done) & mask
        // Atomics: the kernel clears BUSY last, and what we read after it must be the record.
        const word = Atomics.load(this.#words, at >> 2) >>> 0
        if (word >= BUSY) break
        const length = word & (DISCARD - 1)
        const step = (length + HEADER + 7) & ~7
        if (step > end - done) break
        done += step
        if ((word & DISCARD) !== 0) continue
        taken++
        taker.record(this.#view, at + HEADER, length)
      }
    } finally {
      if (done > 0) this.#release(done)
    }
    return taken
  }

  #distance(from: number): number {
    return (Atomics.load(this.#producer, 0) - from) >>> 0
  }

  #release(bytes: number): void {
    this.#position += BigInt(bytes)
    Atomics.store(this.#consumer, 0, this.#position)
  }
}
