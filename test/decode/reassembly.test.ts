import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MessageEvent } from '../../src/decode/message.ts'
import {
  type Conversation,
  Reassembler,
  type ReassemblyLimits,
} from '../../src/decode/reassembly.ts'
import { eventFlags, l7 } from '../../src/decode/record.ts'
import { noise } from '../generate/bytes.ts'
import { type PieceOptions, piece } from './messages.ts'

/** A reassembler that writes down what it tells. */
function open(limits: Partial<ReassemblyLimits> = {}) {
  const grown: { event: MessageEvent; began: boolean; bytes: string }[] = []
  const over: Conversation[] = []
  const reassembler = new Reassembler(
    {
      grown: (conversation, event, began) => {
        const side = event.packet.fromResponder ? conversation.server : conversation.client
        grown.push({ event, began, bytes: side.bytes.toString('latin1') })
      },
      over: conversation => over.push(conversation),
    },
    limits,
  )
  return { reassembler, grown, over }
}

const SECOND = 1_000_000_000n

/** A piece in the conversation of the client port `port`, `at` seconds into the capture. */
function talk(port: number, at: number, more: Partial<PieceOptions> = {}): MessageEvent {
  const bytes = more.bytes ?? Buffer.from('hello')
  const time = BigInt(Math.round(at * 1000)) * (SECOND / 1000n)
  return piece({ seq: 0, start: 0, ...more, bytes, sourcePort: port, destinationPort: 443, time })
}

describe('both sides of a conversation', () => {
  test('are put together apart, under one key', () => {
    const { reassembler, grown } = open()
    const back = { fromResponder: true, sourcePort: 443, destinationPort: 1000 }
    reassembler.take(talk(1000, 0, { bytes: Buffer.from('ask') }))
    reassembler.take(
      piece({
        ...back,
        seq: 7,
        start: 7,
        bytes: Buffer.from('ans'),
        source: '198.51.100.20',
        destination: '192.0.2.10',
      }),
    )
    reassembler.take(talk(1000, 0, { seq: 3, bytes: Buffer.from('ing') }))
    expect(grown.map(({ bytes, began }) => [bytes, began])).toEqual([
      ['ask', true],
      ['ans', true],
      ['asking', false],
    ])
    expect(reassembler.conversations).toBe(1)
  })

  test('the same ports in another VLAN are another conversation', () => {
    const { reassembler } = open()
    reassembler.take(talk(1000, 0))
    reassembler.take(talk(1000, 0, { vlan: 5 }))
    expect(reassembler.conversations).toBe(2)
  })

  test('IPv6 addresses that differ in any word are apart', () => {
    const { reassembler } = open()
    for (const source of ['fd00::1', 'fd00::1:0:1', 'fd00:0:0:1::1', 'fd00:1::1']) {
      reassembler.take(talk(1000, 0, { family: 6, source, destination: 'fd00::9' }))
    }
    expect(reassembler.conversations).toBe(4)
  })
})

describe('limits', () => {
  test('the oldest conversation makes room, and is told to be over', () => {
    const { reassembler, over } = open({ conversations: 3 })
    for (const port of [1, 2, 3]) reassembler.take(talk(port, 0))
    reassembler.take(talk(1, 0, { seq: 5 }))
    reassembler.take(talk(4, 0))
    expect(over.map(({ client }) => client.first?.packet.sourcePort)).toEqual([2])
    expect(reassembler.conversations).toBe(3)
    expect(reassembler.counters.evicted).toBe(1)
  })

  test('bytes of all conversations are bounded by giving up the oldest', () => {
    const limits = { bytes: 20_000 }
    const { reassembler } = open(limits)
    for (let port = 1; port <= 100; port++) {
      reassembler.take(talk(port, 0, { bytes: noise(1500) }))
      expect(reassembler.bytes).toBeLessThanOrEqual(limits.bytes)
    }
    expect(reassembler.counters.evicted).toBe(100 - reassembler.conversations)
    expect(reassembler.conversations).toBeGreaterThan(5)
  })

  test('bytes that wait for a gap to close count as well', () => {
    const { reassembler } = open({ bytes: 50_000 })
    for (let port = 1; port <= 50; port++) {
      for (let i = 1; i < 20; i++) reassembler.take(talk(port, 0, { seq: 9 * i, bytes: noise(1) }))
    }
    expect(reassembler.bytes).toBeLessThanOrEqual(50_000)
    expect(reassembler.counters.evicted).toBeGreaterThan(0)
  })

  test('a conversation that has been silent is over, in event time', () => {
    const { reassembler, over } = open({ timeout: 30_000_000 })
    reassembler.take(talk(1, 0))
    reassembler.take(talk(2, 10))
    reassembler.take(talk(3, 30))
    expect(over).toHaveLength(0)
    reassembler.take(talk(3, 31))
    expect(over.map(({ client }) => client.first?.packet.sourcePort)).toEqual([1])
    reassembler.expire(1e12)
    expect(over).toHaveLength(3)
    expect(reassembler.counters.expired).toBe(3)
    expect([reassembler.conversations, reassembler.bytes]).toEqual([0, 0])
  })

  test('a time that goes back, or far ahead, loses nothing but what is old', () => {
    const { reassembler, over } = open()
    reassembler.take(talk(1, 1000))
    reassembler.take(talk(2, 500))
    reassembler.take(talk(1, 500, { seq: 5 }))
    expect(over).toHaveLength(0)
    reassembler.take(talk(3, 1e9))
    expect(over).toHaveLength(2)
  })

  test('what does not fit a side is counted', () => {
    const { reassembler } = open()
    for (let i = 0; i < 12; i++) reassembler.take(talk(1, 0, { seq: 4096 * i, bytes: noise(4096) }))
    expect(reassembler.counters.overflow).toBe(12 * 4096 - 40_960)
  })
})

describe('the end of a conversation', () => {
  test('of its packets gives up what is incomplete', () => {
    const { reassembler, over } = open()
    const event = talk(1, 0)
    reassembler.take(event)
    reassembler.end(talk(2, 0).packet)
    expect(over).toHaveLength(0)
    reassembler.end(event.packet)
    expect(over).toHaveLength(1)
    expect([reassembler.conversations, reassembler.bytes]).toEqual([0, 0])
  })

  test('nobody is told of one that was forgotten', () => {
    const { reassembler, over } = open()
    reassembler.take(talk(1, 0))
    const conversations: Conversation[] = []
    const other = new Reassembler({
      grown: conversation => conversations.push(conversation),
      over: () => undefined,
    })
    other.take(talk(1, 0, { bytes: noise(2000) }))
    for (const conversation of conversations) other.forget(conversation)
    for (const conversation of conversations) other.forget(conversation)
    expect([other.conversations, other.bytes]).toEqual([0, 0])
    reassembler.clear()
    expect(over).toHaveLength(1)
  })
})

describe('what seems to begin beyond a gap', () => {
  const late = { start: 500, seq: 500, l7: l7.L7_HTTP, flags: eventFlags.EVENT_DOUBTFUL }
  const told = ({ grown }: ReturnType<typeof open>) => grown.map(each => [each.bytes, each.began])

  test('is told when the gap turns out to be something else', () => {
    const opened = open()
    opened.reassembler.take(talk(1, 0, { ...late, bytes: Buffer.from('GET /') }))
    opened.reassembler.take(talk(1, 0, { ...late, seq: 505, bytes: Buffer.from('b') }))
    expect(told(opened)).toEqual([])
    opened.reassembler.take(
      piece({ seq: 400, bytes: Buffer.from('x'), sourcePort: 1, destinationPort: 443 }),
    )
    expect(told(opened)).toEqual([['GET /b', true]])
  })

  test('is the middle of a message that begins in the gap', () => {
    const opened = open()
    opened.reassembler.take(talk(1, 0, { ...late, bytes: Buffer.from('GET / HTTP') }))
    const first = { seq: 498, start: 498, l7: l7.L7_HTTP, bytes: Buffer.from('FO') }
    opened.reassembler.take(talk(1, 0.1, first))
    expect(told(opened)).toEqual([['FOGET / HTTP', true]])
  })

  test('is told before the other side answers', () => {
    const opened = open()
    opened.reassembler.take(talk(1, 0, { ...late, bytes: Buffer.from('GET /') }))
    const flags = eventFlags.EVENT_REPLY
    const back = { seq: 9, start: 9, l7: l7.L7_HTTP, bytes: Buffer.from('HTTP/1.1 200') }
    const ends = {
      sourcePort: 443,
      destinationPort: 1,
      source: '198.51.100.20',
      destination: '192.0.2.10',
    }
    opened.reassembler.take(piece({ ...back, ...ends, flags }))
    expect(told(opened)).toEqual([
      ['GET /', true],
      ['HTTP/1.1 200', true],
    ])
  })

  test('is told a second later, or when the conversation ends, and then no more', () => {
    const opened = open()
    const { reassembler, over } = opened
    for (const port of [1, 2])
      reassembler.take(talk(port, 0, { ...late, bytes: Buffer.from('GET /') }))
    reassembler.end(talk(2, 0.5).packet)
    expect(told(opened)).toEqual([['GET /', true]])
    expect(over).toHaveLength(1)
    reassembler.expire(talk(1, 0.9).packet.time)
    expect(opened.grown).toHaveLength(1)
    reassembler.expire(talk(1, 1).packet.time)
    expect(opened.grown).toHaveLength(2)
    reassembler.clear()
    expect(opened.grown).toHaveLength(2)
  })

  test('is told at once when it is TLS, which nothing looks like', () => {
    const opened = open()
    opened.reassembler.take(talk(1, 0, { ...late, l7: l7.L7_TLS }))
    expect(opened.grown).toHaveLength(1)
  })
})

test('whatever comes, the books are right and the bounds are kept', () => {
  const limits = { conversations: 5, bytes: 30_000, timeout: 10_000_000 }
  const step = fc.record({
    port: fc.integer({ min: 1, max: 12 }),
    seq: fc.oneof(fc.nat(20_000), fc.nat(0xffffffff)),
    start: fc.option(fc.nat(3000)),
    size: fc.nat(4096),
    at: fc.nat(60),
    fromResponder: fc.boolean(),
    doubtful: fc.boolean(),
    what: fc.constantFrom('take', 'take', 'take', 'take', 'end', 'expire'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), steps => {
      const living = new Set<Conversation>()
      const reassembler = new Reassembler(
        { grown: each => living.add(each), over: each => living.delete(each) },
        limits,
      )
      for (const { port, seq, start, size, at, fromResponder, doubtful, what } of steps) {
        const event = talk(port, at, {
          seq,
          bytes: new Uint8Array(size),
          l7: l7.L7_HTTP,
          flags:
            (fromResponder ? eventFlags.EVENT_REPLY : 0) |
            (doubtful ? eventFlags.EVENT_DOUBTFUL : 0),
          ...(start === null ? { start: undefined } : { start }),
        } as Partial<PieceOptions>)
        if (what === 'take') reassembler.take(event)
        else if (what === 'end') reassembler.end(event.packet)
        else reassembler.expire(event.packet.time)
        expect(reassembler.conversations).toBeLessThanOrEqual(limits.conversations)
        expect(living.size).toBeLessThanOrEqual(reassembler.conversations)
        // One conversation alone may be larger than the limit of all.
        if (reassembler.conversations > 1) expect(reassembler.bytes).toBeLessThanOrEqual(200_000)
      }
      reassembler.clear()
      expect([reassembler.conversations, reassembler.bytes, living.size]).toEqual([0, 0, 0])
    }),
    { numRuns: 300 },
  )
})
