import { describe, expect, test } from 'vitest'
import { loadObject } from '../../src/capture/bpf-object.ts'
import { libbpf } from '../../src/capture/libbpf.ts'
import { testRun } from '../../src/capture/prog-test-run.ts'
import { settingsBytes } from '../../src/capture/settings.ts'
import { capture } from '../capture/support/options.ts'
import { isRoot } from '../capture/support/root.ts'
import * as p from '../generate/packets.ts'
import { inBoth } from './support/both.ts'
import { hostProbe, kernelProbe, type Probe } from './support/probe.ts'

const SECOND = 1_000_000_000n
const START = 1_800_000_000n * SECOND
const directions = ['l2_ingress', 'l2_egress', 'l3_ingress', 'l3_egress'] as const
const query = p.dnsQuery('www.example.com')
const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com' }))

const syn = (src: string, srcPort: number) =>
  p.ethernet({}, p.ipv4({ src, dst: '192.0.2.1' }, p.tcp({ srcPort, dstPort: 80, flags: p.SYN })))
const ask = (src: string, srcPort = 40_000) =>
  p.ethernet({}, p.ipv4({ src, dst: '192.0.2.1' }, p.udp({ srcPort, dstPort: 53 }, query)))
const arp = (mac: string) =>
  p.ethernet({ src: mac }, p.arp({ senderMac: mac, senderIp: '10.0.0.1', targetIp: '10.0.0.2' }))

describe.skipIf(!isRoot)('loading', () => {
  const variants = [0, 1].flatMap(coarse =>
    [0, 1].map(tunnels => [coarse === 1, tunnels === 1] as const),
  )

  test.each(variants)(
    'coarse clock %s, tunnels %s: all programs, far below the limit',
    (coarse, tunnels) => {
      const object = loadObject({
        settings: settingsBytes(capture({ tunnels }), coarse),
        maxEntries: { events: 1 << 20, flows4: 1024, flows6: 1024 },
      })
      try {
        for (const name of directions) {
          const program = object.program(`orthrus_${name}`)
          expect(testRun(program, { data: syn('10.0.0.1', 1) }).returned).toBe(-1)
          // A verifier looks at a million instructions at most (kernel 5.2 and newer).
          expect(verified(program)).toBeLessThan(300_000)
        }
      } finally {
        object.close()
      }
    },
  )

  /** bpf_prog_info.verified_insns (5.16): how much work a program was to the verifier. */
  function verified(program: number): number {
    const info = Buffer.alloc(232)
    libbpf().objectInfo(program, info, Uint32Array.of(info.length))
    return info.readUInt32LE(216)
  }
})

describe('budgets of a source', () => {
  const rate = { rate: 10, burst: 5 }
  const limits = { flow_starts: rate, arp: rate, icmp: rate }
  const many = (count: number, make: (i: number) => Uint8Array) =>
    Array.from({ length: count }, (_, i) => make(i))

  function sentOf(
    probe: Probe,
    kind: string,
    frames: readonly Uint8Array[],
    time?: bigint,
  ): number {
    for (const frame of frames) probe.feed(frame, time === undefined ? {} : { time })
    return probe.events().filter(event => event.kind === kind).length
  }

  test('flow starts: a burst, then the rate; all are in the table', () => {
    using probe = hostProbe({ limits })
    const sent = sentOf(
      probe,
      'flow',
      many(100, i => syn('10.0.0.1', 1000 + i)),
      START,
    )
    expect(Math.abs(sent - rate.burst)).toBeLessThanOrEqual(1)
    expect(probe.counters()).toMatchObject({ flows: 100 })
    expect(probe.counters().held.flowStart).toBe(100 - sent)
    expect(probe.flows()).toHaveLength(100)
    expect(
      sentOf(
        probe,
        'flow',
        many(10, i => syn('10.0.0.1', 2000 + i)),
        START + SECOND / 10n,
      ),
    ).toBe(1)
    expect(
      sentOf(
        probe,
        'flow',
        many(1, () => syn('10.0.0.2', 1)),
        START + SECOND / 10n,
      ),
    ).toBe(1)
    const later = START + 60n * SECOND
    expect(
      sentOf(
        probe,
        'flow',
        many(100, i => syn('10.0.0.1', 3000 + i)),
        later,
      ),
    ).toBe(sent)
  })

  test('ARP by MAC, ICMP and NDP by address, each on their own', () => {
    using probe = hostProbe({ limits })
    const arps = many(20, () => arp('02:00:00:00:00:07'))
    const pings = many(20, i => p.ethernet({}, p.ipv4({ dst: `10.9.0.${i}` }, p.echo({ id: i }))))
    const target = 'fe80::2'
    const asks = many(20, () =>
      p.ethernet({}, p.ipv6({ src: 'fe80::1' }, p.neighborSolicitation({ target }))),
    )
    const counts = [
      sentOf(probe, 'arp', arps, START),
      sentOf(probe, 'arp', [arp('02:00:00:00:00:08')], START),
      sentOf(probe, 'icmp', pings, START),
      sentOf(probe, 'ndp', asks, START),
    ]
    const [first = 0] = counts
    expect(counts).toEqual([first, 1, first, first])
    const { held } = probe.counters()
    expect([held.arp, held.icmp, held.ndp]).toEqual([20 - first, 20 - first, 20 - first])
  })

  test('an IPv6 source owns its /64', () => {
    using probe = hostProbe({ limits })
    const from = (address: string) =>
      p.ethernet(
        {},
        p.ipv6({ src: address, dst: 'fd00::1' }, p.tcp({ srcPort: 1, dstPort: 80, flags: p.SYN })),
      )
    const same = sentOf(
      probe,
      'flow',
      many(50, i => from(`2001:db8:0:1::${i + 1}`)),
      START,
    )
    const others = sentOf(
      probe,
      'flow',
      many(50, i => from(`2001:db8:0:${i + 2}::1`)),
      START,
    )
    expect([same <= rate.burst + 1, others]).toEqual([true, 50])
  })

  test.skipIf(!isRoot)('the kernel holds back on its own clock', () => {
    using probe = kernelProbe({
      limits: { flow_starts: { rate: 1, burst: 20 }, arp: { rate: 1, burst: 20 } },
    })
    const sent = sentOf(
      probe,
      'flow',
      many(500, i => syn('10.0.0.1', 1000 + i)),
    )
    expect(sent).toBeGreaterThanOrEqual(20)
    expect(sent).toBeLessThan(40)
    expect(probe.counters().held.flowStart).toBe(500 - sent)
    const arps = sentOf(
      probe,
      'arp',
      many(500, () => arp('02:00:00:00:00:07')),
    )
    expect(probe.counters().held.arp).toBe(500 - arps)
    expect(probe.flows()).toHaveLength(500)
  })

  test('no limit means no limit', () => {
    using probe = hostProbe()
    expect(
      sentOf(
        probe,
        'flow',
        many(3000, i => syn('10.0.0.1', 1000 + i)),
        START,
      ),
    ).toBe(3000)
  })
})

describe.skipIf(!isRoot)('a reader that does not keep up', () => {
  const RING = 65_536

  test('a full ring loses records by class, never packets', () => {
    using probe = kernelProbe({ ring: RING, ringKnown: 0 })
    for (let i = 0; i < 500; i++) probe.feed(syn('10.0.0.1', 1000 + i))
    for (let i = 0; i < 10; i++) probe.feed(arp('02:00:00:00:00:07'))
    for (let i = 0; i < 10; i++) probe.feed(ask('10.0.0.2', 1000 + i))
    const { sent, lost, shed, packets, flows } = probe.counters()
    expect([packets, flows, shed.flowStart]).toEqual([520, 510, 0])
    expect(sent.flowStart + lost.flowStart).toBe(510)
    expect(lost).toMatchObject({
      flowStart: 510 - sent.flowStart,
      arp: 10 - sent.arp,
      name: 10 - sent.name,
    })
    expect(lost.flowStart).toBeGreaterThan(50)
    expect(probe.records()).toHaveLength(sent.flowStart + sent.arp + sent.name)
    probe.feed(arp('02:00:00:00:00:07'))
    expect(probe.events()).toMatchObject([{ kind: 'arp' }])
    expect(probe.flows()).toHaveLength(510)
  })

  test('flow starts go first, then ends, then TLS heads; names, ARP and NDP never', () => {
    using probe = kernelProbe({ ring: RING })
    const shedAt: Record<string, number> = {}
    const solicitation = p.neighborSolicitation({ target: 'fe80::2' })
    for (let i = 0; i < 600; i++) {
      const src = `10.5.${i >> 8}.${i & 255}`
      const data = p.tcp({ srcPort: 9, dstPort: 443, flags: p.ACK, seq: 1 }, hello)
      const reset = p.tcp({ srcPort: 9, dstPort: 443, flags: p.RST, seq: 9 })
      for (const frame of [
        ask(src),
        arp('02:00:00:00:00:07'),
        p.ethernet({}, p.ipv6({ src: 'fe80::1', dst: 'ff02::1' }, solicitation)),
        ...[data, reset].map(layer => p.ethernet({}, p.ipv4({ src, dst: '192.0.2.9' }, layer))),
      ]) {
        probe.feed(frame)
      }
      const { shed, sent, lost } = probe.counters()
      const full = lost.name + lost.arp + lost.ndp > 0
      if (full) break
      for (const name of ['flowStart', 'flowEnd', 'message'] as const) {
        if (shed[name] > 0) shedAt[name] ??= i
      }
      expect([sent.name, sent.arp, sent.ndp]).toEqual([i + 1, i + 1, i + 1])
    }
    const { flowStart = 0, flowEnd = 0, message = 0 } = shedAt
    expect(flowStart).toBeGreaterThan(10)
    expect(flowEnd).toBeGreaterThan(flowStart)
    expect(message).toBeGreaterThan(flowEnd)
    const { shed, lost } = probe.counters()
    expect([shed.name, shed.arp, shed.ndp]).toEqual([0, 0, 0])
    expect([lost.flowStart, lost.flowEnd, lost.message]).toEqual([0, 0, 0])
  })

  test('what was shed is in the table all the same', () => {
    using probe = kernelProbe({ ring: RING })
    for (let i = 0; i < 1000; i++) probe.feed(syn('10.0.0.1', 1000 + i))
    const { shed, sent } = probe.counters()
    expect(shed.flowStart).toBe(1000 - sent.flowStart)
    expect(shed.flowStart).toBeGreaterThan(500)
    expect(probe.flows()).toHaveLength(1000)
  })
})

inBoth(
  'a full table',
  probe => {
    test('gives up the oldest conversation for a new one', () => {
      const ports = Array.from({ length: 5000 }, (_, i) => 10_000 + i)
      for (const port of ports) {
        probe().feed(syn('10.0.0.1', port))
        probe().skip()
      }
      const left = probe()
        .flows()
        .map(({ sourcePort }) => sourcePort)
      expect(probe().counters()).toMatchObject({ packets: 5000, flows: 5000, flowsFailed: 0 })
      expect(left.length).toBeLessThanOrEqual(1024)
      expect(left.length).toBeGreaterThan(512)
      expect(left).toContain(14_999)
      // The kernel's LRU is not exact (each CPU has a list of its own), but the old ones are few.
      const old = left.filter(port => port < 12_500)
      expect(old.length).toBeLessThan(left.length / 4)
    })
  },
  { flows: 1024 },
)
