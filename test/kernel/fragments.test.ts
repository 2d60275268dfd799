import { expect, test } from 'vitest'
import { type MessageEvent } from '../../src/decode/message.ts'
import * as p from '../generate/packets.ts'
import { inBoth, newPair } from './support/both.ts'
import { isMessage, type Probe } from './support/probe.ts'

const request = p.raw(p.httpRequest({ target: `/${'long'.repeat(100)}` }))

/** What the frames tell of a request, put together in the order of its bytes. */
function told(probe: Probe, frames: readonly Uint8Array[]): { bytes: Buffer; first: MessageEvent } {
  for (const frame of frames) probe.feed(frame)
  const pieces = probe.events().filter(isMessage)
  const [first] = pieces
  if (first === undefined) throw new Error('no message was told')
  const sorted = [...pieces].sort((a, b) => a.seq - b.seq)
  return { bytes: Buffer.concat(sorted.map(({ bytes }) => bytes)), first }
}

const segment = (content: p.Bytes = request, flags = p.PSH | p.ACK) =>
  p.tcp({ srcPort: 40_000, dstPort: 80, seq: 7000, flags, options: p.timestampOption(1) }, content)

inBoth('a TCP segment in fragments', probe => {
  test.each([4, 6] as const)('of IPv%i is read whole', family => {
    const ends = { ...newPair(family), id: 70 + family }
    const layers =
      family === 4 ? p.ipv4Fragments(ends, segment(), 96) : p.ipv6Fragments(ends, segment(), 96)
    expect(layers.length).toBeGreaterThan(4)
    const { bytes } = told(
      probe(),
      layers.map(layer => p.ethernet({}, layer)),
    )
    expect(bytes.equals(request)).toBe(true)
  })

  test('later ones in any order, and one of them twice', () => {
    const [first, ...rest] = p.ipv4Fragments({ ...newPair(4), id: 71 }, segment(), 96)
    const layers = [first, ...rest.reverse(), ...rest.slice(0, 1)]
    const { bytes } = told(
      probe(),
      layers.map(layer => p.ethernet({}, layer ?? p.u8())),
    )
    expect(bytes.subarray(0, request.length).includes(Buffer.from(request.subarray(-60)))).toBe(
      true,
    )
  })

  test('a SYN that carries data', () => {
    const layers = p.ipv4Fragments({ ...newPair(4), id: 72 }, segment(request, p.SYN), 96)
    const frames = layers.map(layer => p.ethernet({}, layer))
    const { bytes, first } = told(probe(), frames)
    expect(bytes.equals(request)).toBe(true)
    expect(first.start).toBe(7001)
  })

  const carriers: [string, (inner: p.Layer) => p.Layer][] = [
    ['GTP', inner => p.gtpu({ teid: 5 }, inner)],
    ['VXLAN', inner => p.vxlan({ vni: 5 }, p.ethernet({}, inner))],
    ['GRE', inner => p.gre({}, inner)],
    ['IPIP', inner => inner],
  ]

  test.each(carriers)('of %s are followed into it', (_, wrap) => {
    const { src, dst } = newPair(4)
    const inner = wrap(p.ipv4({ src, dst }, segment()))
    const layers = p.ipv4Fragments(
      { ...newPair(4), id: 73, protocol: inner.protocol ?? 4 },
      inner,
      160,
    )
    expect(layers.length).toBeGreaterThan(3)
    const frames = layers.map(layer => p.ethernet({}, layer))
    const before = probe().counters().fragmentsLost
    const { bytes, first } = told(probe(), frames)
    expect([first.sourceIp, first.destinationIp, first.fromResponder]).toEqual([src, dst, false])
    expect(bytes.equals(request)).toBe(true)
    expect(probe().counters().fragmentsLost).toBe(before)
  })

  test('of another carrier are not', () => {
    const inner = p.gre({}, p.ipv4(newPair(4), segment()))
    const ends = newPair(4)
    const [first] = p.ipv4Fragments({ ...ends, id: 74, protocol: 47 }, inner, 160)
    const [, second] = p.ipv4Fragments({ ...ends, id: 75, protocol: 47 }, inner, 160)
    const before = probe().counters().fragmentsLost
    const frames = [first, second].map(layer => p.ethernet({}, layer ?? p.u8()))
    expect(told(probe(), frames).bytes.length).toBeLessThan(160)
    expect(probe().counters().fragmentsLost).toBe(before + 1)
  })
})
