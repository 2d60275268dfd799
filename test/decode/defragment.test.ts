import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unixClock } from '../../src/decode/clock.ts'
import { Defragmenter, type DefragmentLimits } from '../../src/decode/defragment.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { FragmentEvent } from '../../src/decode/fragment.ts'
import { type MessageEvent } from '../../src/decode/message.ts'
import { eventKind } from '../../src/decode/record.ts'
import * as p from '../generate/packets.ts'
import { fragmentBody, record } from './records.ts'

interface Piece {
  readonly from: number
  readonly bytes: Uint8Array
  readonly more: boolean
  readonly id?: number
  /** s */
  readonly time?: number
}

function fragment({ from, bytes, more, id = 7, time = 0 }: Piece): FragmentEvent {
  const head = {
    kind: eventKind.EVENT_FRAGMENT,
    protocol: 17,
    source: '198.51.100.53',
    destination: '192.0.2.9',
    time: BigInt(Math.round(time * 1e9)),
    payload: bytes,
  }
  const view = record(head, fragmentBody(id, from, more))
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (!(event instanceof FragmentEvent)) throw new Error('the record is not a fragment')
  return event
}

/** The payload of an IP datagram: a UDP header and what `bytes` says. */
function udp(bytes: Uint8Array, from = 53, to = 40_000): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(from, 0)
  header.writeUInt16BE(to, 2)
  header.writeUInt16BE(8 + bytes.length, 4)
  return Buffer.concat([header, bytes])
}

function cut(datagram: Buffer, at: readonly number[]): Piece[] {
  const ends = [...new Set(at)].filter(n => n > 0 && n < datagram.length).sort((a, b) => a - b)
  return [0, ...ends].map((from, i) => {
    const to = ends[i] ?? datagram.length
    return { from, bytes: datagram.subarray(from, to), more: to < datagram.length }
  })
}

function collector(limits: Partial<DefragmentLimits> = {}) {
  const messages: MessageEvent[] = []
  const defragmenter = new Defragmenter(message => messages.push(message), limits)
  return { messages, defragmenter, take: (piece: Piece) => defragmenter.take(fragment(piece)) }
}

const answer = p.dnsAnswer('long.example', [
  { name: 'long.example', type: 'TXT', data: 'x'.repeat(250) },
  { name: 'long.example', type: 'TXT', data: 'y'.repeat(250) },
])

describe('defragmenter', () => {
  test('makes the same message of any cuts in any order, repeated', () => {
    const datagram = udp(answer)
    const cuts = fc.array(fc.integer({ min: 1, max: datagram.length - 1 }), { maxLength: 8 })
    fc.assert(
      fc.property(cuts, fc.infiniteStream(fc.nat()), (at, seeds) => {
        const { messages, take } = collector()
        const pieces = cut(datagram, at)
        const twice = [...pieces, ...pieces].map(piece => [seeds.next().value ?? 0, piece] as const)
        // Behind the last fragment a repeated one would begin the datagram anew, so not the last.
        const order = twice.sort(([a], [b]) => a - b).map(([, piece]) => piece)
        for (const piece of order) if (messages.length === 0) take(piece)
        expect(messages).toHaveLength(1)
        expect(messages[0]?.bytes.equals(answer)).toBe(true)
        expect(messages[0]).toMatchObject({
          application: 'dns',
          fromResponder: true,
          cut: false,
          sourceIp: '192.0.2.9',
          sourcePort: 40_000,
          destinationIp: '198.51.100.53',
          destinationPort: 53,
        })
      }),
    )
  })

  test('keeps datagrams with other ids apart', () => {
    const { messages, take } = collector()
    const [first, second] = cut(udp(answer), [200])
    if (first === undefined || second === undefined) throw new Error('no pieces')
    take(first)
    take({ ...second, id: 8 })
    expect(messages).toEqual([])
    take(second)
    expect(messages).toHaveLength(1)
  })

  test('refuses a datagram whose fragments overlap, whole and for its time (RFC 5722)', () => {
    const { messages, defragmenter, take } = collector()
    const datagram = udp(answer)
    take({ from: 0, bytes: datagram.subarray(0, 208), more: true })
    take({ from: 200, bytes: Buffer.alloc(100, 0x41), more: true })
    for (const piece of cut(datagram, [208])) take(piece)
    defragmenter.clear()
    expect(messages).toEqual([])
    expect(defragmenter.counters).toMatchObject({ overlapping: 1, complete: 0 })
  })

  test('refuses two ends and bytes behind the end', () => {
    for (const second of [
      { from: 16, bytes: Buffer.alloc(8), more: false },
      { from: 40, bytes: Buffer.alloc(8), more: true },
    ]) {
      const { messages, defragmenter, take } = collector()
      take({ from: 24, bytes: Buffer.alloc(8), more: false })
      take(second)
      take({ from: 0, bytes: Buffer.alloc(16), more: true })
      defragmenter.clear()
      expect(messages).toEqual([])
    }
  })

  test.each(['in order', 'reversed'])(
    'the front of one beyond the limit is told, cut, %s',
    order => {
      const { messages, defragmenter, take } = collector({ bytes: 1000 })
      const whole = udp(Buffer.concat([answer, Buffer.alloc(3000)]))
      const parts = cut(whole, [400, 800, 1200, 1600, 2000, 2400, 2800, 3200])
      if (order === 'reversed') parts.reverse()
      for (const part of parts) take(part)
      expect(messages).toHaveLength(1)
      expect(messages[0]).toMatchObject({ application: 'dns', cut: true })
      expect(messages[0]?.bytes.equals(whole.subarray(8, 1000))).toBe(true)
      expect(defragmenter.counters).toMatchObject({ oversized: 1, complete: 0 })
    },
  )

  test('is bounded in bytes, datagrams and event time, and counts what it gives up', () => {
    const { defragmenter, take } = collector({ datagrams: 4, bytes: 1000, timeout: 1e6 })
    for (let id = 0; id < 10; id++) {
      take({ from: 8, bytes: Buffer.alloc(64), more: true, id })
    }
    expect(defragmenter.datagrams).toBe(4)
    take({ from: 992, bytes: Buffer.alloc(64), more: true, id: 9 })
    defragmenter.expire(2e6)
    expect(defragmenter.datagrams).toBe(0)
    expect(defragmenter.counters).toMatchObject({ evicted: 6, oversized: 1, expired: 4 })
  })

  test('tells what stands at the beginning of a datagram that never becomes whole', () => {
    const { messages, defragmenter, take } = collector()
    const [first] = cut(udp(answer), [200])
    if (first !== undefined) take(first)
    defragmenter.clear()
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({ cut: true, application: 'dns' })
    expect(messages[0]?.bytes.equals(Buffer.from(answer).subarray(0, 192))).toBe(true)
  })

  test('has nothing to say of other ports', () => {
    const { messages, take } = collector()
    for (const piece of cut(udp(answer, 4000, 5000), [200])) take(piece)
    expect(messages).toEqual([])
  })

  test('is total: any fragments leave it within its bounds', () => {
    const piece = fc.record({
      from: fc.nat(70_000),
      bytes: fc.uint8Array({ maxLength: 200 }),
      more: fc.boolean(),
      id: fc.nat(20),
      time: fc.nat(100),
    })
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
        const { messages, defragmenter, take } = collector({ datagrams: 8 })
        for (const one of pieces) {
          take(one)
          expect(defragmenter.datagrams).toBeLessThanOrEqual(8)
        }
        defragmenter.clear()
        for (const { bytes } of messages) expect(bytes.length).toBeLessThanOrEqual(4096)
      }),
    )
  })
})
