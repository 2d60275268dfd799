import { type ByteSource } from './pcap-source.ts'

// A record that lies across two reads is moved in front of the second one: what a reader leaves
// must fit here.
const HEADROOM = 524_288

/** Longest block that a reader may ask to see whole, bytes. */
export const MAX_RECORD = HEADROOM

/** The bytes at hand: a reader takes whole records from `start` and moves it. */
export interface Window {
  /** The memory that input and batch share. */
  readonly memory: Buffer
  readonly view: DataView
  start: number
  end: number
  /** Add to a place in the memory for the place in the (unpacked) capture. */
  shift: number
}

/** Reads a source one chunk ahead into two halves of a memory, so that parsing never waits long. */
export class CaptureInput {
  readonly window: Window
  readonly source: ByteSource
  readonly #chunk: number
  #half: 0 | 1 = 0
  #ahead: Promise<number> | undefined

  /** The memory must hold `inputSize(chunk)` bytes. */
  constructor(source: ByteSource, memory: Buffer, chunk: number) {
    this.source = source
    this.#chunk = chunk
    const view = new DataView(memory.buffer, memory.byteOffset, memory.length)
    this.window = { memory, view, start: HEADROOM, end: HEADROOM, shift: -HEADROOM }
  }

  /** Adds the next bytes behind those not taken yet; false at the end. Throws SensorError. */
  async fill(): Promise<boolean> {
    const { window } = this
    const count = await (this.#ahead ?? this.#read(this.#half))
    this.#ahead = undefined
    if (count === 0) return false
    const front = this.#front(this.#half)
    const rest = window.end - window.start
    window.memory.copyWithin(front - rest, window.start, window.end)
    window.shift += window.end - front
    window.start = front - rest
    window.end = front + count
    this.#half = this.#half === 0 ? 1 : 0
    this.#ahead = this.#read(this.#half)
    // A failure is for the next fill; without this it would count as unhandled until then.
    this.#ahead.catch(() => undefined)
    return true
  }

  async close(): Promise<void> {
    await this.source.close()
  }

  #front(half: 0 | 1): number {
    return HEADROOM + half * (HEADROOM + this.#chunk)
  }

  #read(half: 0 | 1): Promise<number> {
    return this.source.read(this.window.memory, this.#front(half), this.#chunk)
  }
}

/** Bytes that the input needs in front of the memory. */
export function inputSize(chunk: number): number {
  return 2 * (HEADROOM + chunk)
}

/** Most bytes that can be at hand at once. */
export function windowSize(chunk: number): number {
  return HEADROOM + chunk
}
