import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord, refusedRecords } from '../../src/decode/event.ts'
import { eventFlags, eventKind, l7, tunnel } from '../../src/decode/record.ts'
import { flowBody, fragmentBody, hex, icmpBody, messageBody, record } from './records.ts'

function decode(view: DataView, clock = unixClock) {
  return decodeRecord(view, 0, view.byteLength, clock)
}

describe('a record', () => {
  test('gives its common fields, as numbers and as texts', () => {
    const view = record(
      {
        time: 1_790_000_000_123_456_000n,
        protocol: 17,
        ifindex: 3,
        flags: eventFlags.EVENT_EGRESS | eventFlags.EVENT_ON_LINK | eventFlags.EVENT_CUT,
        vlan: 10,
        innerVlan: 20,
        ttl: 61,
        source: '192.168.1.52',
        destination: '8.8.8.8',
        sourcePort: 54585,
        destinationPort: 53,
        sourceMac: '00:00:5e:00:53:23',
        destinationMac: '00:00:5e:00:53:24',
      },
      flowBody(),
    )
    expect(decode(view)).toMatchObject({
      kind: 'flow',
      time: 1_790_000_000_123_456,
      family: 4,
      protocol: 17,
      ifindex: 3,
      vlan: 10,
      innerVlan: 20,
      ttl: 61,
      source0: 0xc0a80134 | 0,
      sourceIp: '192.168.1.52',
      destinationIp: '8.8.8.8',
      sourcePort: 54585,
      destinationPort: 53,
      sourceMac: '00-00-5E-00-53-23',
      destinationMac: '00-00-5E-00-53-24',
      communityId: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
      egress: true,
      onLink: true,
      cut: true,
      midstream: false,
      fromResponder: false,
      tunnelName: undefined,
      outer: undefined,
    })
  })

  test('of a layer 3 device has no MACs', () => {
    const zero = '00:00:00:00:00:00'
    const event = decode(record({ flags: 0, sourceMac: zero, destinationMac: zero }, flowBody()))
    expect(event?.sourceMac).toBeUndefined()
    expect(event?.destinationMac).toBeUndefined()
  })

  test('is found at an offset, and what stands around it does not matter', () => {
    const inner = record({ sourcePort: 5 }, flowBody())
    const bytes = new Uint8Array(inner.byteLength + 64).fill(0xff)
    bytes.set(new Uint8Array(inner.buffer), 32)
    const view = new DataView(bytes.buffer)
    expect(decodeRecord(view, 32, inner.byteLength, unixClock)?.sourcePort).toBe(5)
  })

  test.each([
    [{ tunnel: tunnel.TUNNEL_VXLAN, outer: ['10.0.0.1', '10.0.0.2'] as const }, '10.0.0.1'],
    [{ tunnel: tunnel.TUNNEL_GRE, outer: ['2001:db8::1', '2001:db8::'] as const }, '2001:db8::1'],
    [{ tunnel: tunnel.TUNNEL_PPPOE, outer: ['0.0.0.0', '0.0.0.0'] as const }, undefined],
  ])('in a tunnel has its outer addresses: %j', (head, source) => {
    const event = decode(record({ ...head, tunnelId: 4096 }, flowBody()))
    expect(event?.tunnelId).toBe(4096)
    expect(event?.outer?.source.text).toBe(source)
  })
})

describe('who opened', () => {
  const answer = {
    kind: eventKind.EVENT_MESSAGE,
    flags: eventFlags.EVENT_REPLY,
    source: '8.8.8.8',
    destination: '192.168.1.52',
    sourcePort: 53,
    destinationPort: 54585,
    sourceMac: '00:00:5e:00:53:01',
    destinationMac: '00:00:5e:00:53:02',
    outer: ['10.0.0.8', '10.0.0.9'] as const,
  }

  test('is the source of an answer too', () => {
    const event = decode(record(answer, messageBody({ l7: l7.L7_DNS })))
    expect(event).toMatchObject({
      fromResponder: true,
      sourceIp: '192.168.1.52',
      destinationIp: '8.8.8.8',
      sourcePort: 54585,
      destinationPort: 53,
      sourceMac: '00-00-5E-00-53-02',
      destinationMac: '00-00-5E-00-53-01',
    })
    expect(event?.outer?.source.text).toBe('10.0.0.9')
  })

  test('does not matter to fragments: all of one datagram have the same source', () => {
    const head = { ...answer, kind: eventKind.EVENT_FRAGMENT }
    const event = decode(record(head, fragmentBody(0xdeadbeef, 1480, true)))
    expect(event).toMatchObject({ sourceIp: '8.8.8.8', id: 0xdeadbeef, communityId: undefined })
  })
})

describe('payload', () => {
  test('of a message is copied, as the ring reuses its memory', () => {
    const payload = hex('0102030405')
    const part = { seq: 0xfffffff0, start: 0xffffff00, end: 0x10, length: 1460, l7: l7.L7_TLS }
    const view = record({ kind: eventKind.EVENT_MESSAGE, payload }, messageBody(part))
    const event = decode(view)
    new Uint8Array(view.buffer).fill(0xff)
    expect(event).toMatchObject({ kind: 'message', application: 'tls', ...part })
    if (event?.kind === 'message') expect([...event.bytes]).toEqual([1, 2, 3, 4, 5])
  })

  test('follows the outer addresses', () => {
    const outer = ['10.0.0.1', '10.0.0.2'] as const
    const head = { kind: eventKind.EVENT_FRAGMENT, outer, payload: hex('0a0b') }
    const event = decode(record(head, fragmentBody(7, 8, false)))
    expect(event).toMatchObject({ kind: 'fragment', id: 7, fragmentOffset: 8, more: false })
    if (event?.kind === 'fragment') expect([...event.bytes]).toEqual([10, 11])
  })
})

describe('a record is refused and counted', () => {
  const flow = (head: object) => record(head, flowBody())
  test.each([
    ['version', 'of another version', flow({ version: 2 }), undefined],
    ['kind', 'of no kind', flow({ kind: 0 }), undefined],
    ['kind', 'of a kind to come', flow({ kind: 200 }), undefined],
    ['kind', 'of NDP with a type that is not NDP', record({ kind: 6 }, icmpBody(128)), undefined],
    ['size', 'cut in its fixed part', flow({}), 159],
    ['size', 'cut in its common part', flow({}), 79],
    ['size', 'cut in its payload', record({ kind: 7, payload: hex('00ff') }, messageBody({})), 105],
    ['size', 'longer than its view', flow({}), 161],
  ] as const)('%s: %s', (reason, _, view, length) => {
    const before = { ...refusedRecords }
    expect(decodeRecord(view, 0, length ?? view.byteLength, unixClock)).toBeUndefined()
    expect(refusedRecords).toEqual({ ...before, [reason]: before[reason] + 1 })
  })
})

describe('whatever the bytes', () => {
  const kinds = fc.integer({ min: 0, max: 9 })
  const anyRecord = fc
    .tuple(fc.uint8Array({ minLength: 0, maxLength: 300 }), kinds, fc.nat(400), fc.boolean())
    .map(([bytes, kind, size, honest]) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (honest && bytes.length > 24) {
        view.setUint8(8, 1)
        view.setUint8(9, kind)
        view.setUint16(22, size, true)
      }
      return view
    })

  test('decoding never throws, and every text can be asked for', () => {
    fc.assert(
      fc.property(anyRecord, view => {
        const event = decode(view)
        if (event !== undefined) readAll(event)
      }),
      { numRuns: 2000 },
    )
  })

  test('nothing outside the record is read', () => {
    fc.assert(
      fc.property(anyRecord, fc.uint8Array({ minLength: 64, maxLength: 64 }), (view, noise) => {
        const length = view.byteLength
        const seen = [new Uint8Array(64), noise].map(after => {
          const bytes = new Uint8Array(64 + length + 64)
          bytes.set(after, 0)
          bytes.set(new Uint8Array(view.buffer, view.byteOffset, length), 64)
          bytes.set(after, 64 + length)
          const event = decodeRecord(new DataView(bytes.buffer), 64, length, unixClock)
          return event === undefined ? undefined : readAll(event)
        })
        expect(seen[1]).toEqual(seen[0])
      }),
      { numRuns: 1000 },
    )
  })
})

/** Every own field and every getter of an event, as plain values. */
function readAll(event: object): Record<string, unknown> {
  const found: Record<string, unknown> = { ...event }
  let type: object | null = Object.getPrototypeOf(event)
  while (type !== null && type !== Object.prototype) {
    const getters = Object.entries(Object.getOwnPropertyDescriptors(type))
    for (const [name, { get }] of getters) if (get !== undefined) found[name] = get.call(event)
    type = Object.getPrototypeOf(type)
  }
  return found
}
