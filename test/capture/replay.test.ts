import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openReplay } from '../../src/capture/replay.ts'
import { type KernelEvent } from '../../src/decode/event.ts'
import { type FlowEvent } from '../../src/decode/flow.ts'
import { eventHandler } from '../../src/pipeline/events.ts'
import * as p from '../generate/packets.ts'
import { captured, pcap } from '../generate/pcap.ts'
import { capture } from './support/options.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-replay-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

interface Outcome {
  readonly events: readonly KernelEvent[]
  readonly fault: unknown
}

async function replay(...files: string[]): Promise<Outcome> {
  const source = openReplay({ capture: capture(), files })
  const events: KernelEvent[] = []
  let fault: unknown
  await source
    .run(eventHandler(source.clock, event => events.push(event)))
    .catch((error: unknown) => {
      fault = error
    })
  return { events, fault }
}

const flows = (events: readonly KernelEvent[]) =>
  events.filter((event): event is FlowEvent => event.kind === 'flow')

const ends = { src: '192.0.2.1', dst: '198.51.100.2' }
const question = p.udp({ srcPort: 40_000, dstPort: 53 }, p.dnsQuery('link.example'))
const packet = p.ipv4(ends, question)
const six = p.ipv6({ src: '2001:db8::1', dst: '2001:db8::2' }, question)

/** Family, version, resource; a prefix of odd length, then the packet, each with a length of this machine's order. */
function nflog(bytes: Uint8Array): Uint8Array {
  const attribute = (type: number, value: Uint8Array) =>
    p.concat(p.u8((value.length + 4) & 255, (value.length + 4) >> 8, type, 0), value)
  return p.concat(p.u8(2, 0, 0, 0), attribute(10, p.u8(65, 66, 0)), p.u8(0), attribute(9, bytes))
}

const station = () => p.wireless80211(packet)
const prism = p.concat(p.u8(0x44, 0, 0, 0, 144, 0, 0, 0), p.fill(136))

/** Two bitmaps, the time, flags, and a rate. */
function radiotap(flags: number): Uint8Array {
  const bitmaps = p.u8(0x07, 0, 0, 0x80, 0, 0, 0, 0)
  return p.concat(p.u8(0, 0, 26, 0), bitmaps, p.fill(4), p.fill(8), p.u8(flags, 12))
}

/** The header of 26 bytes filled up to 28. */
function padded(): Uint8Array {
  const frame = p.wireless80211(packet, { qos: true })
  return p.concat(radiotap(0x20), frame.subarray(0, 26), p.fill(2), frame.subarray(26))
}

describe('link types', () => {
  test.each([
    ['Ethernet', 1, p.ethernet({}, packet)],
    ['raw IP', 101, packet.bytes],
    ['raw IP of BSD', 12, packet.bytes],
    ['IPv4', 228, packet.bytes],
    ['null', 0, p.loopback({}, packet)],
    ['null, big-endian', 0, p.loopback({ big: true }, packet)],
    ['loop', 108, p.loopback({ big: true }, packet)],
    ['PPP', 9, p.ppp({}, packet)],
    ['PPP without address and control', 9, p.ppp({ bare: true }, packet)],
    ['PPP in HDLC-like framing', 50, p.ppp({}, packet)],
    ['Cisco HDLC', 104, p.concat(p.u8(0x0f, 0), p.u16(0x0800), packet)],
    ['NFLOG', 239, nflog(packet.bytes)],
    ['IEEE 802.11', 105, p.wireless80211(packet)],
    ['IEEE 802.11 with QoS', 105, p.wireless80211(packet, { qos: true })],
    ['IEEE 802.11 with Prism', 119, p.concat(prism, p.wireless80211(packet))],
    ['IEEE 802.11 with radiotap', 127, p.concat(radiotap(0x10), p.wireless80211(packet))],
    ['padded IEEE 802.11', 127, padded()],
    ['IEEE 802.11 with AVS', 163, p.concat(p.u32(0x80211001, 64), p.fill(56), station())],
    ['IEEE 802.11 with PPI', 192, p.concat(p.u8(0, 0, 8, 0, 105, 0, 0, 0), station())],
    ['Linux cooked', 113, p.sll({}, packet)],
    ['Linux cooked v2', 276, p.sll2({}, packet)],
  ])('%s (%i): the same conversation and message', async (_, linktype, frame) => {
    const path = file(`link-${linktype}`, pcap(captured([frame]), { linktype }))
    const { events, fault } = await replay(path)
    expect(fault).toBeUndefined()
    const [start, ...more] = flows(events)
    expect(start).toMatchObject({ sourceIp: ends.src, sourcePort: 40_000, destinationPort: 53 })
    expect(more.map(({ action }) => action)).toEqual(['end'])
    expect(more[0]).toMatchObject({ sourcePackets: 1, sourcePayload: question.bytes.length - 8 })
    const [message] = events.filter(({ kind }) => kind === 'message')
    expect(message).toMatchObject({ application: 'dns', length: question.bytes.length - 8 })
  })

  test('IPv6 without a link header', async () => {
    const { events } = await replay(file('six', pcap(captured([six.bytes]), { linktype: 229 })))
    expect(flows(events)[0]).toMatchObject({ sourceIp: '2001:db8::1', family: 6, onLink: false })
  })

  test('what a radio has heard keeps the MACs of the ends', async () => {
    const frame = p.wireless80211(packet)
    const [bssid, from, to] = [1, 2, 3].map(i => p.u8(2, 0, 0, 0, 0, i))
    const place = (...addresses: (Uint8Array | undefined)[]) => {
      for (const [i, address] of addresses.entries()) frame.set(address ?? p.u8(), 4 + 6 * i)
      return Uint8Array.from(frame)
    }
    const toAccessPoint = place(bssid, from, to)
    frame[1] = 2
    const fromAccessPoint = place(to, bssid, from)
    frame[1] = 0x41
    const encrypted = place(bssid, to, from)
    const frames = captured([toAccessPoint, fromAccessPoint, encrypted])
    const { events } = await replay(file('heard', pcap(frames, { linktype: 105 })))
    const found = flows(events).filter(({ action }) => action === 'end')
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ sourcePackets: 2, onLink: true })
    expect(found[0]).toMatchObject({ sourceMac: '02-00-00-00-00-02' })
    expect(found[0]).toMatchObject({ destinationMac: '02-00-00-00-00-03' })
  })

  test('a cooked header keeps the sender’s MAC and which way the packet went', async () => {
    const out = p.sll({ src: '02:00:00:00:00:77', type: 4 }, packet)
    const { events } = await replay(file('cooked', pcap(captured([out]), { linktype: 113 })))
    expect(flows(events)[0]).toMatchObject({ sourceMac: '02-00-00-00-00-77', egress: true })
  })
})

describe('a replay', () => {
  test('of a file cut short gives all whole packets, then says where it ends', async () => {
    const whole = pcap(captured([p.ethernet({}, packet), p.ethernet({}, six)]))
    const { events, fault } = await replay(file('cut', whole.subarray(0, whole.length - 5)))
    expect(flows(events).map(({ sourceIp, action }) => `${sourceIp} ${action}`)).toEqual([
      '192.0.2.1 start',
      '192.0.2.1 end',
    ])
    expect(fault).toMatchObject({ code: 'CAPTURE_DAMAGED', exit: 1 })
  })

  test('goes through files in their order and ends each flow once', async () => {
    const one = file('one', pcap(captured([p.ethernet({}, packet)])))
    const two = file('two', pcap(captured([p.ethernet({}, packet), p.ethernet({}, six)])))
    const { events } = await replay(one, two)
    const ended = flows(events).filter(({ action }) => action === 'end')
    expect(ended.map(({ family, sourcePackets }) => [family, sourcePackets])).toEqual([
      [4, 2],
      [6, 1],
    ])
  })

  test('ends what is idle on the captures’ own clock', async () => {
    const later = captured([p.ethernet({}, packet), p.ethernet({}, six), p.ethernet({}, packet)])
    const stretched = later.map((one, i) => ({
      ...one,
      time: one.time + BigInt(i) * 200_000_000_000n,
    }))
    const { events } = await replay(file('idle', pcap(stretched)))
    const four = flows(events).filter(({ family }) => family === 4)
    expect(four.map(({ action }) => action)).toEqual(['start', 'end', 'start', 'end'])
  })
})
