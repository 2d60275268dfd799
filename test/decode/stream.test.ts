import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { l7 } from '../../src/decode/record.ts'
import { StreamSide } from '../../src/decode/stream.ts'
import { noise } from '../generate/bytes.ts'
import { piece } from './messages.ts'

/** What a side may hold: a record of TLS with headers, and as much that waits. */
const MEMORY = 2 * 40_960 + 64 * 1024

interface Part {
  readonly from: number
  readonly to: number
}

/** Parts that cover [0, length): cut anywhere, reaching over their neighbours, repeated, in any order. */
function deliveries(most: number) {
  return fc.integer({ min: 1, max: most }).chain(length =>
    fc
      .record({
        cuts: fc.array(fc.nat(length), { maxLength: 14 }),
        reach: fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 16 }),
        again: fc.array(fc.nat(14), { maxLength: 12 }),
        order: fc.infiniteStream(fc.nat(1 << 20)),
        start: fc.oneof(
          fc.nat(0xffffffff),
          fc.nat(length).map(n => (2 ** 32 - n) >>> 0),
        ),
      })
      .map(({ cuts, reach, again, order, start }) => {
        const ends = [...new Set([0, ...cuts, length])].sort((a, b) => a - b)
        const parts = ends.slice(1).map((end, i): Part => {
          const [back, on] = reach[i] ?? [0, 0]
          return { from: Math.max(0, (ends[i] ?? 0) - back), to: Math.min(length, end + on) }
        })
        const all = [...parts, ...again.flatMap(i => parts[i % parts.length] ?? [])]
        const shuffled = all
          .map(part => ({ part, place: order.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ part }) => part)
        return { length, start, parts: shuffled }
      }),
  )
}

describe('pieces of one message', () => {
  test('in any cut, order, repetition and overlap give its bytes', () => {
    fc.assert(
      fc.property(deliveries(4000), ({ length, start, parts }) => {
        const side = new StreamSide()
        const message = noise(length, length)
        for (const { from, to } of parts) {
          side.take(piece({ seq: start + from, start, bytes: message.subarray(from, to) }))
        }
        expect(side.bytes.equals(message)).toBe(true)
        expect(side.overflow).toBe(0)
      }),
      { numRuns: 2000 },
    )
  })

  test('also where the first ones come before it is known what they are', () => {
    fc.assert(
      fc.property(deliveries(4000), ({ length, start, parts }) => {
        const side = new StreamSide()
        const message = noise(length, length)
        // As in the kernel: the piece with the first byte says what all are.
        let known = false
        for (const { from, to } of parts) {
          known ||= from === 0
          const bytes = message.subarray(from, to)
          side.take(piece({ seq: start + from, bytes, ...(known && { start }) }))
        }
        expect(side.bytes.equals(message)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('what is told of growth is what grew', () => {
    fc.assert(
      fc.property(deliveries(3000), ({ length, start, parts }) => {
        const side = new StreamSide()
        const message = noise(length, length)
        let [before, began] = [0, 0]
        for (const { from, to } of parts) {
          const bytes = message.subarray(from, to)
          const growth = side.take(piece({ seq: start + from, start, bytes }))
          if (growth === 'new') began++
          else expect(growth).toBe(side.bytes.length > before ? 'more' : 'none')
          before = side.bytes.length
        }
        expect(began).toBe(1)
        expect(side.first?.start).toBe(start)
      }),
      { numRuns: 500 },
    )
  })

  test('the bytes that came first stand', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 10, start: 10, bytes: Buffer.from('abcdef') }))
    side.take(piece({ seq: 12, start: 10, bytes: Buffer.from('XXXXghij') }))
    expect(side.bytes.toString()).toBe('abcdefghij')
  })

  test('a piece that lies whole before the message adds nothing', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 1000, start: 1000, bytes: Buffer.from('abc') }))
    expect(side.take(piece({ seq: 900, start: 1000, bytes: noise(100) }))).toBe('none')
    expect(side.take(piece({ seq: 990, start: 1000, bytes: Buffer.from('0123456789abcd') }))).toBe(
      'more',
    )
    expect(side.bytes.toString()).toBe('abcd')
  })
})

describe('where a message begins', () => {
  test('a lower beginning takes the bytes over', () => {
    const message = noise(900, 1)
    const side = new StreamSide()
    const part = (from: number, to: number, start: number) =>
      piece({ seq: from, start, bytes: message.subarray(from, to) })
    expect(side.take(part(300, 600, 300))).toBe('new')
    expect(side.take(part(600, 900, 300))).toBe('more')
    expect(side.take(part(0, 300, 0))).toBe('new')
    expect(side.bytes.equals(message)).toBe(true)
    expect(side.start).toBe(0)
  })

  test('so does one before the wrap of sequence numbers', () => {
    const message = noise(600, 2)
    const side = new StreamSide()
    const start = 2 ** 32 - 300
    side.take(piece({ seq: 0, start: 0, bytes: message.subarray(300) }))
    side.take(piece({ seq: start, start, bytes: message.subarray(0, 300) }))
    expect(side.bytes.equals(message)).toBe(true)
  })

  test('pieces before something that only looks like a beginning wait for the real one', () => {
    const text = 'POST /form HTTP/1.1\r\nX: GET / HTTP/1.1\r\n\r\n'
    const side = new StreamSide()
    const part = (from: number, to: number, start?: number) => {
      const bytes = Buffer.from(text.slice(from, to))
      side.take(piece({ seq: from, bytes, l7: l7.L7_HTTP, ...(start !== undefined && { start }) }))
    }
    part(24, 40, 24)
    part(5, 15)
    part(12, 30)
    part(40, 50, 40)
    part(0, 5, 0)
    expect(side.bytes.toString()).toBe(text)
  })

  test('a message that went unread is not lost to one that seems to begin behind a gap', () => {
    const side = new StreamSide()
    const part = (seq: number, start: number, text: string) =>
      side.take(piece({ seq, start, bytes: Buffer.from(text) }))
    part(100, 100, 'middle')
    part(200, 200, 'end')
    part(0, 0, 'x'.repeat(100))
    expect(side.bytes.toString()).toBe(`${'x'.repeat(100)}middle`)
    expect(part(106, 0, 'y'.repeat(94))).toBe('more')
    expect(side.bytes.length).toBe(203)
  })

  test('a later message begins anew, without bytes of the one before', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 0, start: 0, bytes: Buffer.from('first') }))
    side.taken = 5
    expect(side.take(piece({ seq: 5, start: 5, bytes: Buffer.from('second') }))).toBe('new')
    expect(side.bytes.toString()).toBe('second')
    expect(side.taken).toBe(0)
  })

  test('what looks like a beginning behind an unfinished message belongs to it', () => {
    const side = new StreamSide()
    const request = (seq: number, text: string) =>
      side.take(piece({ seq, start: seq, bytes: Buffer.from(text), l7: l7.L7_HTTP }))
    request(0, 'GET / HTTP/1.1\r\nA: ')
    expect(request(19, 'GET /b HTTP/1.1\r\n')).toBe('more')
    expect(side.bytes.toString()).toBe('GET / HTTP/1.1\r\nA: GET /b HTTP/1.1\r\n')
    side.taken = -1
    expect(request(36, 'GET /c HTTP/1.1\r\n')).toBe('new')
  })

  test('early pieces of the next message wait for it', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 0, start: 0, bytes: Buffer.from('first') }))
    side.taken = 5
    side.take(piece({ seq: 8, bytes: Buffer.from('ond') }))
    side.take(piece({ seq: 5, start: 5, bytes: Buffer.from('sec') }))
    expect(side.bytes.toString()).toBe('second')
  })
})

describe('hostile pieces', () => {
  test('of any place, size and count stay within the memory of a side', () => {
    const any = fc.record({
      seq: fc.oneof(fc.nat(0xffffffff), fc.nat(50_000)),
      start: fc.option(fc.oneof(fc.nat(0xffffffff), fc.nat(50_000), fc.constant(0)), {
        nil: undefined,
      }),
      size: fc.oneof(fc.nat(4096), fc.nat(2)),
    })
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 300 }), list => {
        const side = new StreamSide()
        for (const { seq, start, size } of list) {
          side.take(
            piece({ seq, bytes: new Uint8Array(size), ...(start !== undefined && { start }) }),
          )
          expect(side.bytes.length).toBeLessThanOrEqual(40_960)
          expect(side.size).toBeLessThanOrEqual(MEMORY)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('thousands of single bytes with gaps between them do not add up', () => {
    const side = new StreamSide()
    for (let i = 0; i < 20_000; i++) side.take(piece({ seq: 2 * i + 1, bytes: new Uint8Array(1) }))
    expect(side.size).toBeLessThanOrEqual(MEMORY)
    expect(side.overflow).toBeGreaterThan(19_000)
  })

  test('a message without end is kept up to the bound, and the rest counted', () => {
    const side = new StreamSide()
    for (let i = 0; i < 100; i++) {
      side.take(piece({ seq: i * 4096, start: 0, bytes: new Uint8Array(4096) }))
    }
    expect(side.bytes.length).toBe(40_960)
    expect(side.overflow).toBe(100 * 4096 - 40_960)
  })

  test('a piece half the number space away is neither kept nor joined', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 0, start: 0, bytes: Buffer.from('abc') }))
    for (const seq of [0x80000000, 0x7fffffff, 0xffff0000, 50_000]) {
      expect(side.take(piece({ seq, start: 0, bytes: noise(10) }))).toBe('none')
    }
    expect(side.bytes.toString()).toBe('abc')
  })
})

describe('release', () => {
  test('lets go of all bytes and of what still comes of the message', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 0, start: 0, bytes: noise(3000) }))
    side.take(piece({ seq: 5000, start: 0, bytes: noise(100) }))
    side.release()
    expect(side.size).toBe(0)
    expect(side.take(piece({ seq: 3000, start: 0, bytes: noise(500) }))).toBe('none')
    expect(side.size).toBe(0)
  })

  test('does not keep the next message from beginning', () => {
    const side = new StreamSide()
    side.take(piece({ seq: 0, start: 0, bytes: noise(10), l7: l7.L7_HTTP }))
    side.release()
    const next = piece({ seq: 10, start: 10, bytes: Buffer.from('next'), l7: l7.L7_HTTP })
    expect(side.take(next)).toBe('new')
    expect(side.bytes.toString()).toBe('next')
  })
})
