import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PACKET_HEADER, readCapture } from '../../src/capture/pcap.ts'
import { isRoot } from '../capture/support/root.ts'
import { conversationFrames, datagramFrames, headerFrames } from '../generate/examples.ts'
import * as p from '../generate/packets.ts'
import { atRandom, deliveryFrames, subjects } from './support/delivery.ts'
import { type How, hostProbe, kernelProbe, type Probe } from './support/probe.ts'
import { timeless } from './support/timeless.ts'

/** What the table says of each conversation, times aside, in any order. */
function table(probe: Probe): string[] {
  return probe
    .flows()
    .map(flow => {
      const ends = `${flow.sourceIp} ${flow.sourcePort} ${flow.destinationIp} ${flow.destinationPort}`
      const source = `${flow.sourcePackets} ${flow.sourceBytes} ${flow.sourcePayload}`
      const back = `${flow.destinationPackets} ${flow.destinationBytes} ${flow.destinationPayload}`
      const more = `${flow.history} ${flow.state} ${flow.vlan} ${flow.tunnel} ${flow.tunnelId}`
      return [flow.protocol, ends, source, back, more].join(' ')
    })
    .sort()
}

describe.skipIf(!isRoot)('the kernel and the library say the same', () => {
  let kernel: Probe
  let host: Probe

  function open(tunnels: boolean): void {
    kernel = kernelProbe({ tunnels })
    host = hostProbe({ tunnels })
  }

  function close(): void {
    kernel[Symbol.dispose]()
    host[Symbol.dispose]()
  }

  /** Feeds both; throws at the first frame of which they say different things. */
  function compare(frame: Uint8Array, how: How = {}): void {
    if (frame.length > kernel.longest) return
    kernel.feed(frame, how)
    host.feed(frame, how)
    const said = kernel.records().map(timeless)
    const same = host.records().map(timeless)
    if (said.join() !== same.join()) {
      const hex = Buffer.from(frame).toString('hex')
      expect({ frame: hex, records: same }).toEqual({ frame: hex, records: said })
    }
  }

  function compareTotals(): void {
    expect(host.counters()).toEqual(kernel.counters())
    expect(table(host)).toEqual(table(kernel))
  }

  describe.each([true, false])('tunnels %s', tunnels => {
    beforeEach(() => {
      open(tunnels)
      return close
    })

    test('of every example', () => {
      for (const frame of Object.values({ ...headerFrames(), ...datagramFrames() })) compare(frame)
      for (const frame of Object.values(conversationFrames()).flat()) compare(frame)
      for (const frame of Object.values(headerFrames())) compare(frame.slice(14), { link: 'l3' })
      compareTotals()
    })

    test('of messages in random segments', () => {
      for (const subject of subjects) {
        for (let seed = 1; seed <= 20; seed++) {
          for (const frame of deliveryFrames(subject, atRandom(subject.bytes, seed), 3000))
            compare(frame)
        }
      }
      compareTotals()
    })
  })

  describe('of mutated examples', () => {
    beforeAll(() => open(true))
    afterAll(() => close())

    const whole = Object.values({
      ...headerFrames(),
      ...datagramFrames(),
      ...Object.fromEntries(
        Object.values(conversationFrames())
          .flat()
          .map((frame, i) => [`talk-${i}`, frame]),
      ),
    })
    // Everything but the EtherType's place: a test run refuses short IP frames.
    const change = fc.record({ place: fc.nat(200), value: fc.nat(255) })
    const mutation = fc.record({
      frame: fc.constantFrom(...whole),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(1500), { freq: 4 }),
      tail: fc.uint8Array({ maxLength: 20 }),
    })

    test('frames with bytes changed, cut and lengthened', () => {
      fc.assert(
        fc.property(mutation, ({ frame, changes, cut, tail }) => {
          const out = p.concat(frame.subarray(0, cut ?? frame.length), tail)
          for (const { place, value } of changes) {
            if (place < out.length) out[place] = value
          }
          if (runs(out)) compare(out)
        }),
        { numRuns: 5000 },
      )
      compareTotals()
    })

    test('noise behind an Ethernet header', () => {
      const types = [0x0800, 0x86dd, 0x8100, 0x88a8, 0x0806, 0x8864, 0x8847, 0x0010]
      const noise = fc.uint8Array({ minLength: 60, maxLength: 200 })
      fc.assert(
        fc.property(fc.constantFrom(...types), noise, fc.nat(255), (type, bytes, version) => {
          bytes[0] = version
          compare(p.ethernet({ type }, bytes))
          compare(bytes, { link: 'l3' })
        }),
        { numRuns: 2000 },
      )
      compareTotals()
    })
  })
})

/** bpf_prog_test_run refuses frames without link header, and IP frames without IP header. */
function runs(frame: Uint8Array): boolean {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0)
  return frame.length >= 14 + (type === 0x0800 ? 20 : type === 0x86dd ? 40 : 0)
}

const corpus = join(import.meta.dirname, '../../../shared/corpus/pcaps')
const captures = existsSync(corpus)
  ? readdirSync(corpus, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .sort()
  : []
if (captures.length === 0)
  process.stderr.write('\n*** no captures: SKIPPED comparing their records ***\n\n')

describe.skipIf(!isRoot || captures.length === 0)('the kernel and the library say the same', () => {
  const MOST = 2000 // packets of a capture
  const LINKTYPE_ETHERNET = 1

  test('of the captures of the corpus', { timeout: 300_000 }, async () => {
    using kernel = kernelProbe()
    using host = hostProbe()
    const different = new Map<string, string>()
    let packets = 0
    for (const file of captures) {
      for await (const frame of frames(file, MOST)) {
        if (!runs(frame) || frame.length > kernel.longest) continue
        packets++
        kernel.feed(frame)
        host.feed(frame)
        const said = kernel.records().map(timeless).join(' ')
        const same = host.records().map(timeless).join(' ')
        if (said !== same) different.set(file, Buffer.from(frame).toString('hex'))
      }
    }
    expect(Object.fromEntries(different)).toEqual({})
    expect(packets).toBeGreaterThan(1000)
  })

  /** Ethernet frames of a capture, as far as it can be read. */
  async function* frames(file: string, most: number): AsyncGenerator<Uint8Array> {
    let count = 0
    try {
      for await (const { buffer, length } of readCapture(file)) {
        for (let at = 0; at < length && count < most; count++) {
          const held = buffer.readUInt32LE(at + 8)
          const from = at + PACKET_HEADER
          if (buffer.readUInt16LE(at + 20) === LINKTYPE_ETHERNET) {
            yield Uint8Array.from(buffer.subarray(from, from + held))
          }
          at = from + ((held + 7) & ~7)
        }
        if (count >= most) return
      }
    } catch {
      // A damaged file: its whole packets have been given.
    }
  }
})
