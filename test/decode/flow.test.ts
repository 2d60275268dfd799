import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockFrom, unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { type FlowEvent, type FlowState } from '../../src/decode/flow.ts'
import { decodeFlow } from '../../src/decode/flow-table.ts'
import { eventFlags, eventKind, flowFlags, l7, layout } from '../../src/decode/record.ts'
import { tcpFlag, tcpFlagLetters, tcpFlagNames } from '../../src/decode/tcp.ts'
import { addressBytes, flowBody, macBytes, record } from './records.ts'

const { fin, syn, rst, psh, ack } = tcpFlag

function flow(head: object, part: Parameters<typeof flowBody>[0]): FlowEvent {
  const view = record(head, flowBody(part))
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event?.kind !== 'flow') throw new Error('no flow was decoded')
  return event
}

const side = (packets: number, payload = 0) => ({
  packets: BigInt(packets),
  bytes: BigInt(packets * 54 + payload),
  payload: BigInt(payload),
})

describe('a flow record', () => {
  test('gives totals, times, flags and history of both sides', () => {
    const event = flow(
      { kind: eventKind.EVENT_FLOW_END, time: 1_790_000_001_000_000_000n },
      {
        first: 1_790_000_000_000_000_000n,
        last: 1_790_000_001_000_000_001n,
        sides: [
          { packets: 3n, bytes: 2n ** 40n, payload: 100n },
          { packets: 4n, bytes: 5000n, payload: 4000n },
        ],
        tcpFlags: [syn | ack, syn | ack | psh],
        history: 'ShADd',
      },
    )
    expect(event).toMatchObject({
      action: 'end',
      start: 1_790_000_000_000_000,
      end: 1_790_000_001_000_000,
      duration: 1_000_000_001,
      sourcePackets: 3,
      sourceBytes: 2 ** 40,
      sourcePayload: 100,
      destinationPackets: 4,
      destinationBytes: 5000,
      destinationPayload: 4000,
      packets: 7,
      bytes: 2 ** 40 + 5000,
      history: 'ShADd',
      state: 'established',
    })
    expect(tcpFlagNames(event.tcpFlags)).toEqual(['syn', 'psh', 'ack'])
    expect(tcpFlagLetters(event.tcpFlags)).toBe('SPA')
  })

  test.each([
    [eventKind.EVENT_FLOW_START, 'start'],
    [eventKind.EVENT_FLOW_UPDATE, 'update'],
    [eventKind.EVENT_FLOW_END, 'end'],
  ])('of kind %i is a flow %s', (kind, action) => {
    expect(flow({ kind }, {}).action).toBe(action)
  })

  test('counts time from the clock of a live sensor', () => {
    const view = record({ time: 5_000_001_000n }, flowBody())
    const event = decodeRecord(view, 0, view.byteLength, clockFrom(1_790_000_000_000_000_500n))
    expect(event?.time).toBe(1_790_000_005_000_001.5)
  })

  test('with clocks that run backwards lasted no time', () => {
    expect(flow({}, { first: 10n, last: 3n }).duration).toBe(0)
  })

  test('has a history of letters, whatever the bytes', () => {
    expect(flow({}, { history: 'S\u001b\u0000h' }).history).toBe('S??h')
    expect(flow({}, { history: 'ShAdDaFfRrCcT' }).history).toBe('ShAdDaFfRrCcT')
  })
})

describe('the state of a flow', () => {
  const tcp: [FlowState, string, number, number, number, number, number?, number?][] = [
    ['attempt', 'SYN alone', syn, 0, 1, 0],
    ['attempt', 'SYN, RST of the opener, no answer', syn | rst, 0, 2, 0],
    ['attempt', 'SYN and SYN-ACK without the third step', syn, syn | ack, 1, 1],
    ['attempt', 'a lone ACK probe', ack, 0, 1, 0],
    ['rejected', 'SYN refused', syn, rst | ack, 1, 1],
    ['rejected', 'SYN with data (TFO) refused', syn, rst | ack, 1, 1, 100],
    ['rejected', 'ACK probe refused', ack, rst, 1, 1],
    ['reset', 'half-open scan', syn | rst, syn | ack, 2, 1],
    ['established', 'handshake done', syn | ack, syn | ack, 2, 1],
    ['established', 'data of the middle', ack | psh, ack, 5, 5, 500, 0],
    ['established', 'one side seen, its data acknowledged', syn | ack | psh, 0, 3, 0, 10],
    ['established', 'half closed', syn | ack | fin, syn | ack, 4, 3],
    ['reset', 'broken off by the responder', syn | ack | psh, syn | ack | rst, 4, 3, 10],
    ['reset', 'broken off in the middle', ack | psh, rst, 1, 1, 10],
    ['reset', 'broken off by the opener', syn | ack | rst, syn | ack | psh, 4, 3, 0, 10],
    ['closed', 'FIN of both', syn | ack | fin, syn | ack | fin, 5, 4, 10, 10],
    ['closed', 'FIN of both, then RST', syn | ack | fin | rst, syn | ack | fin, 5, 4, 10, 10],
  ]
  test.each(tcp)('%s: %s', (state, _, from, to, packets, answers, sent = 0, received = 0) => {
    const sides = [side(packets, sent), side(answers, received)] as const
    expect(flow({ protocol: 6 }, { sides, tcpFlags: [from, to] }).state).toBe(state)
  })

  test.each([
    [17, 0, 'attempt'],
    [17, 2, 'established'],
    [1, 0, 'attempt'],
    [132, 1, 'established'],
  ])('of protocol %i with %i answers is %s', (protocol, answers, state) => {
    expect(flow({ protocol }, { sides: [side(1), side(answers)] }).state).toBe(state)
  })
})

describe('an entry of the flow table', () => {
  const { flow: value, flow_side, flow_totals, flow_key4, flow_key6 } = layout
  const u48 = fc.bigInt({ min: 0n, max: 2n ** 48n })
  const totals = fc.record({ packets: u48, bytes: u48, payload: u48 })
  const u8 = fc.nat(255)
  const u16 = fc.nat(65535)
  const u32 = fc.nat(2 ** 32 - 1)
  const macText = fc
    .uint8Array({ minLength: 6, maxLength: 6 })
    .filter(bytes => bytes.some(byte => byte !== 0))
    .map(bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('-'))
  const ports = fc.tuple(u16, u16)
  const arbitrary = fc.record({
    family: fc.constantFrom(4 as const, 6 as const),
    opener: fc.constantFrom(0 as const, 1 as const),
    protocol: u8,
    ports,
    macs: fc.tuple(macText, macText),
    sides: fc.tuple(totals, totals),
    flags: fc.tuple(u8, u8),
    last: fc.tuple(u48, u48),
    first: u48,
    ifindex: u32,
    vlan: u16,
    innerVlan: u16,
    tunnel: fc.nat(11),
    tunnelId: u32,
    flowFlags: fc.nat(31),
    history: fc.constantFrom('', 'S', 'ShAdDa', 'ShAdDaFfRrCcT'),
    padding: fc.nat(40),
  })
  const addresses = { 4: ['10.0.0.1', '10.0.0.2'], 6: ['2001:db8::1', '2001:db8::2'] } as const

  type Entry = typeof arbitrary extends fc.Arbitrary<infer T> ? T : never

  function keyOf(entry: Entry): DataView {
    const at = entry.family === 4 ? flow_key4 : flow_key6
    const width = entry.family === 4 ? 4 : 16
    const bytes = new Uint8Array(entry.padding + at.size)
    const view = new DataView(bytes.buffer, entry.padding)
    const own = bytes.subarray(entry.padding)
    for (const [index, address] of addresses[entry.family].entries()) {
      own.set(addressBytes(address).subarray(0, width), at.at.addr + index * width)
      view.setUint16(at.at.port + 2 * index, entry.ports[index] ?? 0)
    }
    view.setUint8(at.at.protocol, entry.protocol)
    return view
  }

  function valueView(entry: Entry): DataView {
    const bytes = new Uint8Array(entry.padding + value.size)
    const view = new DataView(bytes.buffer)
    const start = entry.padding
    for (const index of [0, 1] as const) {
      const offset = start + value.at.side + index * flow_side.size
      const { packets, bytes: all, payload } = entry.sides[index]
      view.setBigUint64(offset + flow_totals.at.packets, packets, true)
      view.setBigUint64(offset + flow_totals.at.bytes, all, true)
      view.setBigUint64(offset + flow_totals.at.payload, payload, true)
      view.setBigUint64(offset + flow_side.at.last, entry.last[index], true)
      view.setUint8(offset + flow_side.at.tcp_flags, entry.flags[index])
      view.setUint8(offset + flow_side.at.l7, index === 1 ? l7.L7_TLS : 0)
      bytes.set(macBytes(entry.macs[index]), start + value.at.mac + 6 * index)
    }
    view.setBigUint64(start + value.at.first, entry.first, true)
    view.setUint16(start + value.at.vlan, entry.vlan, true)
    view.setUint16(start + value.at.inner_vlan, entry.innerVlan, true)
    view.setUint32(start + value.at.tunnel_id, entry.tunnelId, true)
    view.setUint32(start + value.at.ifindex, entry.ifindex, true)
    view.setUint8(start + value.at.tunnel, entry.tunnel)
    view.setUint8(start + value.at.outer_family, 4)
    view.setUint8(start + value.at.opener, entry.opener)
    view.setUint8(start + value.at.flags, entry.flowFlags)
    view.setUint8(start + value.at.history_length, entry.history.length)
    bytes.set(Buffer.from(entry.history), start + value.at.history)
    return view
  }

  function decode(entry: Entry, outer?: DataView) {
    const place = { family: entry.family, key: keyOf(entry), keyOffset: 0 }
    const source = { ...place, value: valueView(entry), valueOffset: entry.padding, outer }
    return decodeFlow(source, 'end', unixClock)
  }

  test('comes back as it was written, its opener as the source', () => {
    fc.assert(
      fc.property(arbitrary, entry => {
        const [from, to] = entry.opener === 0 ? ([0, 1] as const) : ([1, 0] as const)
        const expected = {
          kind: 'flow',
          action: 'end',
          family: entry.family,
          protocol: entry.protocol,
          sourceIp: addresses[entry.family][from],
          destinationIp: addresses[entry.family][to],
          sourcePort: entry.ports[from],
          destinationPort: entry.ports[to],
          sourceMac: entry.macs[from].toUpperCase(),
          destinationMac: entry.macs[to].toUpperCase(),
          sourcePackets: Number(entry.sides[from].packets),
          sourceBytes: Number(entry.sides[from].bytes),
          destinationPayload: Number(entry.sides[to].payload),
          sourceTcpFlags: entry.flags[from],
          destinationTcpFlags: entry.flags[to],
          vlan: entry.vlan,
          innerVlan: entry.innerVlan,
          ifindex: entry.ifindex,
          tunnel: entry.tunnel,
          tunnelId: entry.tunnelId,
          history: entry.history,
          l7: l7.L7_TLS,
          midstream: (entry.flowFlags & flowFlags.FLOW_MIDSTREAM) !== 0,
          onLink: (entry.flowFlags & flowFlags.FLOW_ON_LINK) !== 0,
          egress: (entry.flowFlags & flowFlags.FLOW_EGRESS) !== 0,
          outer: undefined,
        }
        const event = decode(entry)
        expect(event).toMatchObject(expected)
        const last = Math.max(...entry.last.map(Number))
        expect(event?.end).toBe(event?.time)
        expect(event?.duration).toBe(Math.max(0, last - Number(entry.first)))
      }),
      { numRuns: 300 },
    )
  })

  test('has the ends of its tunnel where they are known', () => {
    const [entry] = fc.sample(arbitrary, 1)
    if (entry === undefined) throw new Error('no sample')
    const outer = new Uint8Array(layout.event_outer.size)
    outer.set(addressBytes('10.9.0.1'), 0)
    outer.set(addressBytes('10.9.0.2'), 16)
    const event = decode(entry, new DataView(outer.buffer))
    expect((event?.flags ?? 0) & eventFlags.EVENT_TUNNELLED).not.toBe(0)
    expect(event?.outer?.destination.text).toBe('10.9.0.2')
    expect(decode(entry)?.outer).toBeUndefined()
  })

  test('that is cut is refused', () => {
    const key = new DataView(new ArrayBuffer(flow_key4.size))
    const whole = new DataView(new ArrayBuffer(value.size))
    const decodeAt = (keyOffset: number, valueOffset: number) =>
      decodeFlow({ family: 4, key, keyOffset, value: whole, valueOffset }, 'update', unixClock)
    expect(decodeAt(0, 0)?.action).toBe('update')
    expect(decodeAt(1, 0)).toBeUndefined()
    expect(decodeAt(0, 1)).toBeUndefined()
    expect(decodeAt(-1, 0)).toBeUndefined()
  })
})
