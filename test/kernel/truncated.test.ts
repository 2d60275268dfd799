import { expect, test } from 'vitest'
import {
  eventFlags,
  fixedSize,
  layout,
  payloadOffset,
  payloadSize,
} from '../../src/decode/record.ts'
import { datagramFrames, headerFrames } from '../generate/examples.ts'
import * as p from '../generate/packets.ts'
import { inBoth } from './support/both.ts'
import { hostProbe, type Probe } from './support/probe.ts'

const frames = { ...headerFrames(), ...datagramFrames() }
// It would close a conversation, and then packets are counted in two entries, one after the other.
const { 'tcp-rst': reset = p.u8(), ...open } = frames

/** Packets that the program has put somewhere: into a conversation, a record or a counter. */
function accounted(probe: Probe): number {
  const { sent, held, shed, lost, ...counters } = probe.counters()
  const { malformed, truncated, notIp, fragmentsLost, otherPath, flowsFailed } = counters
  const arp = sent.arp + held.arp + shed.arp + lost.arp
  const counted = probe.flows().reduce((sum, flow) => sum + flow.packets, 0)
  return counted + arp + malformed + truncated + notIp + fragmentsLost + otherPath + flowsFailed
}

/** The record is as long as it says, and its payload stands in the packet. */
function expectInside(record: Uint8Array, packet: Uint8Array): void {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  const [from, size] = [payloadOffset(view, 0), payloadSize(view, 0)]
  const outer = view.getUint16(layout.event.at.flags, true) & eventFlags.EVENT_TUNNELLED ? 32 : 0
  expect(record.length).toBe(fixedSize(view.getUint8(layout.event.at.kind)) + outer + size)
  const payload = record.subarray(from, from + size)
  expect(
    Buffer.from(packet).includes(Buffer.from(payload)),
    'payload from outside the packet',
  ).toBe(true)
}

/** In a VLAN tag: newer kernels refuse to run a program on less than an IP header. */
function tagged(frame: Uint8Array): Uint8Array {
  return p.concat(frame.subarray(0, 12), p.u16(0x8100, 3), frame.subarray(12))
}

function feedEveryLength(probe: Probe, packet: Uint8Array, link: 'l2' | 'l3'): void {
  for (let length = 14; length <= packet.length; length++) {
    const part = packet.slice(0, length)
    probe.feed(part, { link })
    for (const record of probe.records()) expectInside(record, part)
  }
}

for (const tunnels of [false, true]) {
  inBoth(
    `frames cut at every length, tunnels ${tunnels ? 'on' : 'off'}`,
    probe => {
      test.each(Object.entries(open))('%s', (_, frame) => {
        feedEveryLength(probe(), tagged(frame), 'l2')
        // Inside a tunnel a packet may count twice: to the carrier and to what it carries.
        const { packets } = probe().counters()
        if (tunnels) expect(accounted(probe())).toBeGreaterThanOrEqual(packets)
        else expect(accounted(probe())).toBe(packets)
      })

      test.each(Object.entries(open))('%s without link layer', (_, frame) => {
        feedEveryLength(probe(), frame.slice(14), 'l3')
        const { packets } = probe().counters()
        if (tunnels) expect(accounted(probe())).toBeGreaterThanOrEqual(packets)
        else expect(accounted(probe())).toBe(packets)
      })

      test('a reset', () => feedEveryLength(probe(), tagged(reset), 'l2'))
    },
    { tunnels },
  )
}

test('frames cut below a link header, down to nothing', () => {
  using probe = hostProbe({ tunnels: false })
  for (const frame of Object.values(open)) {
    for (let length = 0; length < 14; length++) {
      probe.feed(frame.slice(0, length))
      probe.feed(frame.slice(14, 14 + length), { link: 'l3' })
    }
  }
  expect(probe.events()).toEqual([])
  expect(accounted(probe)).toBe(probe.counters().packets)
})

test('frames that the capture cut are counted as such, with their bytes on the wire', () => {
  using probe = hostProbe({ tunnels: false })
  const whole = frames['dns-answer'] ?? p.u8()
  for (let length = 0; length < whole.length; length++) {
    probe.feed(whole.slice(0, length), { wire: whole.length })
    for (const record of probe.records()) expectInside(record, whole.slice(0, length))
  }
  const headers = 14 + 20 + 8
  const { packets, bytes, truncated, malformed, notIp } = probe.counters()
  expect([packets, bytes]).toEqual([whole.length, whole.length ** 2])
  expect({ truncated, malformed, notIp }).toEqual({ truncated: headers, malformed: 0, notIp: 0 })
  const payload = whole.length - headers
  expect(probe.flows()).toMatchObject([
    { packets: payload, bytes: payload * whole.length, destinationPayload: payload ** 2 },
  ])
})

test('a message of which the capture has only a part says so', () => {
  using probe = hostProbe()
  const whole = frames['dns-answer'] ?? p.u8()
  probe.feed(whole.slice(0, 100), { wire: whole.length })
  const [, message] = probe.events()
  expect(message).toMatchObject({ kind: 'message', cut: true, length: whole.length - 42 })
  expect(message?.kind === 'message' && message.bytes.equals(whole.subarray(42, 100))).toBe(true)
})
