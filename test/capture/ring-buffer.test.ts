import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RingReader } from '../../src/capture/ring-buffer.ts'

const BUSY = 2 ** 31
const DISCARD = 2 ** 30

/** A ring as the kernel writes it (kernel/bpf/ringbuf.c), both mappings kept alike by hand. */
class FakeRing {
  readonly size: number
  readonly consumer = new ArrayBuffer(4096)
  readonly producer = new ArrayBuffer(4096)
  readonly data: ArrayBuffer
  readonly #view: DataView
  #position: bigint

  constructor(size: number, start: bigint) {
    this.size = size
    this.data = new ArrayBuffer(2 * size)
    this.#view = new DataView(this.data)
    this.#position = start
    new BigUint64Array(this.consumer)[0] = start
    new BigUint64Array(this.producer)[0] = start
  }

  get released(): bigint {
    return new BigUint64Array(this.consumer)[0] ?? 0n
  }

  get position(): bigint {
    return this.#position
  }

  /** Like bpf_ringbuf_reserve: undefined when it does not fit, else the record's place. */
  reserve(bytes: Uint8Array): number | undefined {
    const length = Math.ceil((bytes.length + 8) / 8) * 8
    const used = Number(this.#position - this.released)
    if (used + length > this.size) return undefined
    const at = Number(this.#position % BigInt(this.size))
    this.#writeWord(at, bytes.length + BUSY)
    bytes.forEach((byte, i) => {
      this.#writeByte((at + 8 + i) % this.size, byte)
    })
    this.#position += BigInt(length)
    new BigUint64Array(this.producer)[0] = this.#position
    return at
  }

  commit(at: number, discard = false): void {
    const length = this.#view.getUint32(at, true) - BUSY
    this.#writeWord(at, discard ? length + DISCARD : length)
  }

  #writeByte(at: number, byte: number): void {
    this.#view.setUint8(at, byte)
    this.#view.setUint8(at + this.size, byte)
  }

  #writeWord(at: number, word: number): void {
    this.#view.setUint32(at, word, true)
    this.#view.setUint32(at + this.size, word, true)
  }
}

function collect(reader: RingReader, limit?: number): Uint8Array[] {
  const records: Uint8Array[] = []
  reader.drain(
    {
      record: (view, offset, length) =>
        void records.push(new Uint8Array(view.buffer, offset, length).slice()),
    },
    limit,
  )
  return records
}

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)

describe('ring reader', () => {
  test('gives committed records in order and releases them after the batch', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    for (const value of [1, 2, 3]) ring.commit(ring.reserve(bytes(10 * value, value)) ?? -1)
    expect(reader.backlog).toBe(24 + 32 + 40)
    const seen: bigint[] = []
    reader.drain({ record: () => void seen.push(ring.released) })
    expect(seen).toEqual([0n, 0n, 0n])
    expect(ring.released).toBe(96n)
    expect(reader.backlog).toBe(0)
  })

  test('stops at a record that is still written, even when later ones are ready', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    ring.commit(ring.reserve(bytes(8, 1)) ?? -1)
    const slow = ring.reserve(bytes(8, 2)) ?? -1
    ring.commit(ring.reserve(bytes(8, 3)) ?? -1)
    expect(collect(reader)).toEqual([bytes(8, 1)])
    expect(collect(reader)).toEqual([])
    ring.commit(slow)
    expect(collect(reader)).toEqual([bytes(8, 2), bytes(8, 3)])
  })

  test('skips discarded records and releases their room', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    ring.commit(ring.reserve(bytes(100, 1)) ?? -1, true)
    ring.commit(ring.reserve(bytes(0, 0)) ?? -1)
    ring.commit(ring.reserve(bytes(1, 9)) ?? -1, true)
    expect(collect(reader)).toEqual([new Uint8Array(0)])
    expect(ring.released).toBe(ring.position)
  })

  test('reads a record across the end of the ring in one piece', () => {
    const ring = new FakeRing(4096, 4096n - 16n)
    const reader = new RingReader(ring)
    const long = Uint8Array.from({ length: 300 }, (_, i) => i)
    ring.commit(ring.reserve(long) ?? -1)
    expect(collect(reader)).toEqual([long])
  })

  test('reads a record as long as the ring allows', () => {
    const ring = new FakeRing(4096, 2n ** 32n - 8n)
    const reader = new RingReader(ring)
    ring.commit(ring.reserve(bytes(4088, 7)) ?? -1)
    expect(collect(reader)).toEqual([bytes(4088, 7)])
    expect(ring.released).toBe(2n ** 32n + 4088n)
  })

  test('hands over no more than the limit, and the rest next time', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    for (let i = 0; i < 10; i++) ring.commit(ring.reserve(bytes(8, i)) ?? -1)
    expect(collect(reader, 4)).toHaveLength(4)
    expect(ring.released).toBe(64n)
    expect(collect(reader, 100)).toHaveLength(6)
  })

  test('releases what was handed over when the taker throws', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    for (let i = 0; i < 3; i++) ring.commit(ring.reserve(bytes(8, i)) ?? -1)
    let calls = 0
    const taker = {
      record() {
        if (++calls === 2) throw new Error('taker')
      },
    }
    expect(() => reader.drain(taker)).toThrow('taker')
    expect(ring.released).toBe(32n)
    expect(collect(reader)).toEqual([bytes(8, 2)])
  })

  test('does not run past a length that the reserved bytes cannot hold', () => {
    const ring = new FakeRing(4096, 0n)
    const reader = new RingReader(ring)
    const at = ring.reserve(bytes(8, 1)) ?? -1
    new DataView(ring.data).setUint32(at, 4000, true)
    expect(collect(reader)).toEqual([])
    expect(ring.released).toBe(0n)
  })

  test('refuses a size that is no power of two', () => {
    const ring = new FakeRing(4096, 0n)
    expect(() => new RingReader({ ...ring, data: ring.data, size: 4095 })).toThrow(RangeError)
  })
})

type Step =
  | { do: 'reserve'; length: number; value: number }
  | { do: 'commit'; pick: number; discard: boolean }
  | { do: 'drain'; limit: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      length: fc.nat(900),
      value: fc.nat(255),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      pick: fc.nat(20),
      discard: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('drain' as const),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
  },
)

// Where a position starts: fresh, before the end of the ring, across 2^32 and 2^53, before 2^63.
const starts = [0n, 4088n, 2n ** 32n - 24n, 2n ** 53n - 1024n, 2n ** 62n + 64n]

test('ring reader gives exactly the committed records, in order, whatever the kernel does', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.constantFrom(...starts),
      fc.constantFrom(1024, 4096),
      (steps, start, size) => {
        const ring = new FakeRing(size, start - (start % 8n))
        const reader = new RingReader(ring)
        const open: { at: number; entry: Entry }[] = []
        const expected: Entry[] = []
        const got: Uint8Array[] = []
        for (const one of steps) play(one, ring, reader, open, expected, got)
        for (const { at, entry } of open.splice(0)) {
          ring.commit(at)
          entry.state = 'ready'
        }
        got.push(...collect(reader))
        expect(got).toEqual(expected.filter(({ state }) => state === 'ready').map(e => e.bytes))
        expect(ring.released).toBe(ring.position)
        expect(reader.backlog).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})

interface Entry {
  bytes: Uint8Array
  state: 'busy' | 'ready' | 'discarded'
}

function play(
  one: Step,
  ring: FakeRing,
  reader: RingReader,
  open: { at: number; entry: Entry }[],
  expected: Entry[],
  got: Uint8Array[],
): void {
  if (one.do === 'drain') {
    got.push(...collect(reader, one.limit))
  } else if (one.do === 'reserve') {
    const content = Uint8Array.from({ length: one.length }, (_, i) => (one.value + i) & 255)
    const at = ring.reserve(content)
    if (at === undefined) return
    const entry: Entry = { bytes: content, state: 'busy' }
    open.push({ at, entry })
    expected.push(entry)
  } else {
    const [chosen] = open.splice(one.pick % Math.max(open.length, 1), 1)
    if (chosen === undefined) return
    ring.commit(chosen.at, one.discard)
    chosen.entry.state = one.discard ? 'discarded' : 'ready'
  }
}
