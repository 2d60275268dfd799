import { describe, expect, test } from 'vitest'
import * as p from '../generate/packets.ts'
import { alerts, signalsOf, type Timed } from './replayed.ts'

const signals = signalsOf('scan')

const scanner = '192.168.1.66'
const target = '192.168.1.10'
const outside = '203.0.113.9'

interface Segment {
  readonly at: number
  readonly src: string
  readonly dst: string
  readonly ports: readonly [number, number]
  readonly flags: number
  readonly data?: Uint8Array
}

const segment = ({ at, src, dst, ports, flags, data }: Segment): Timed => ({
  at,
  frame: p.ethernet(
    {},
    p.ipv4({ src, dst }, p.tcp({ srcPort: ports[0], dstPort: ports[1], flags }, data)),
  ),
})

type Probe = Omit<Segment, 'flags'>

/** One segment that nobody answers. */
const silent = (probe: Probe, flags = p.SYN) => [segment({ ...probe, flags })]

/** Refused at once. */
const refused = ({ at, src, dst, ports: [from, to] }: Probe, flags = p.SYN) => [
  segment({ at, src, dst, ports: [from, to], flags }),
  segment({ at: at + 0.0001, src: dst, dst: src, ports: [to, from], flags: p.RST | p.ACK }),
]

/** A half-open scan finds an open port: the connection that was offered is dropped. */
const halfOpen = ({ at, src, dst, ports: [from, to] }: Probe) => [
  segment({ at, src, dst, ports: [from, to], flags: p.SYN }),
  segment({ at: at + 0.0001, src: dst, dst: src, ports: [to, from], flags: p.SYN | p.ACK }),
  segment({ at: at + 0.0002, src, dst, ports: [from, to], flags: p.RST }),
]

const talk = (at: number, src: string, dst: string, port: number, from = 40_000): Timed[] =>
  p
    .tcpConversation({ client: { ip: src, port: from }, server: { ip: dst, port } }, [
      { from: 'client', bytes: new Uint8Array(100) },
      { from: 'server', bytes: new Uint8Array(1000) },
    ])
    .map((frame, i) => ({ at: at + i * 0.001, frame }))

const many = (count: number, make: (index: number) => Timed[]) =>
  Array.from({ length: count }, (_, index) => make(index)).flat()

const probe = (at: number, dst: string, port: number, src = scanner): Probe => ({
  at,
  src,
  dst,
  ports: [50_000, port],
})

describe('scan: many ports of one host', () => {
  test.each<[string, string, (index: number) => Timed[]]>([
    ['refused', 'syn', i => refused(probe(i * 0.01, target, 1 + i))],
    ['unanswered', 'syn', i => silent(probe(i * 0.01, target, 1 + i))],
    ['open, half-open', 'syn', i => halfOpen(probe(i * 0.01, target, 1 + i))],
    ['NULL', 'null', i => silent(probe(i * 0.01, target, 1 + i), 0)],
    ['FIN', 'fin', i => refused(probe(i * 0.01, target, 1 + i), p.FIN)],
    ['XMAS', 'xmas', i => silent(probe(i * 0.01, target, 1 + i), p.FIN | p.PSH | p.URG)],
    [
      'ACK',
      'ack',
      i => [
        segment({ ...probe(i * 0.01, target, 1 + i), flags: p.ACK }),
        segment({
          at: i * 0.01 + 0.001,
          src: target,
          dst: scanner,
          ports: [1 + i, 50_000],
          flags: p.RST,
        }),
      ],
    ],
  ])('%s', async (_, technique, make) => {
    const told = await signals(many(40, make))
    expect(told).toMatchObject([
      {
        source: { ip: scanner },
        destination: { ip: target },
        orthrus: { signal: { name: 'port-scan', entity: scanner, evidence: { technique } } },
      },
    ])
  })

  test('UDP', async () => {
    const told = await signals(
      many(60, i => [
        {
          at: i * 0.02,
          frame: p.ethernet(
            {},
            p.ipv4({ src: scanner, dst: target }, p.udp({ srcPort: 51_000, dstPort: 100 + i })),
          ),
        },
      ]),
    )
    expect(told).toMatchObject([{ orthrus: { signal: { evidence: { technique: 'udp' } } } }])
  })

  test('connections that are taken and say nothing', async () => {
    const told = await signals(
      many(20, i =>
        p
          .tcpConversation(
            { client: { ip: scanner, port: 42_000 + i }, server: { ip: target, port: 20 + i } },
            [{ from: 'server', bytes: new Uint8Array(40) }],
          )
          .map((frame, j) => ({ at: i + j * 0.001, frame })),
      ),
    )
    expect(told).toMatchObject([{ orthrus: { signal: { evidence: { technique: 'connect' } } } }])
  })

  test('is told with the fifteenth port, and again with ten times as many', async () => {
    const told = await signals(many(1000, i => refused(probe(i * 0.05, target, 1 + i))))
    expect(told.map(({ orthrus }) => orthrus.signal.evidence['ports'])).toEqual([15, 149])
    expect(told[0]?.orthrus.signal.evidence['first_ports']).toEqual(
      Array.from({ length: 15 }, (_, i) => i + 1),
    )
    expect(told[0]?.message).toContain('192.168.1.66 tried 15 ports of 192.168.1.10 in 1 s (syn)')
  })

  test('one port each 90 seconds is found within an hour', async () => {
    const packets = many(240, i => silent(probe(i * 90, target, 1 + i)))
    const [first] = await signals(packets)
    expect(first).toMatchObject({
      '@timestamp': expect.stringMatching(/T0[89]:/),
      orthrus: { signal: { name: 'port-scan', score: 0.6, evidence: { ports: 40 } } },
    })
  })
})

describe('scan: many hosts', () => {
  test('one port on many is a sweep', async () => {
    const told = await signals(many(60, i => silent(probe(i * 0.1, `192.168.1.${100 + i}`, 445))))
    expect(told).toMatchObject([
      { orthrus: { signal: { name: 'host-sweep', evidence: { hosts: 25, technique: 'syn' } } } },
    ])
    expect(told[0]?.orthrus.signal.evidence['first_hosts']).toContain('192.168.1.100')
  })

  test('pings are one', async () => {
    const ping = (i: number) => p.ipv4({ src: scanner, dst: `10.0.0.${i}` }, p.echo({ id: i }))
    const told = await signals(many(40, i => [{ at: i, frame: p.ethernet({}, ping(i)) }]))
    expect(told).toMatchObject([
      { orthrus: { signal: { name: 'host-sweep', evidence: { technique: 'ping' } } } },
    ])
  })

  test('questions for addresses that nobody has are one', async () => {
    const ask = (i: number) =>
      p.arp({ senderMac: '00:00:5e:00:53:66', senderIp: scanner, targetIp: `192.168.1.${i}` })
    const told = await signals(
      many(200, i => [
        {
          at: i * 0.01,
          frame: p.ethernet({ src: '00:00:5e:00:53:66', dst: 'ff:ff:ff:ff:ff:ff' }, ask(i)),
        },
      ]).concat(talk(10, target, '192.168.1.2', 80)),
    )
    expect(told).toMatchObject([
      {
        source: { ip: scanner },
        orthrus: { signal: { name: 'host-sweep', evidence: { technique: 'arp' } } },
      },
    ])
  })

  test('a whole network, all ports of each, is told of once', async () => {
    const packets = many(40, host =>
      many(30, i => refused(probe(host * 2 + i * 0.01, `192.168.1.${100 + host}`, 1 + i))),
    )
    const told = await signals(packets)
    expect(told.map(({ orthrus }) => orthrus.signal.name)).toEqual([
      'port-scan',
      'port-scan',
      'host-sweep',
    ])
  })

  test('few ports of few hosts, in any mixture, are found together', async () => {
    const told = await signals(
      many(144, i =>
        refused(probe(i * 0.5, `192.168.1.${100 + (i % 12)}`, 1 + Math.floor(i / 12))),
      ),
    )
    expect(told).toMatchObject([
      { orthrus: { signal: { name: 'mixed-scan', evidence: { pairs: 60 } } } },
    ])
  })
})

describe('scan is quiet', () => {
  test.each<[string, Timed[]]>([
    ['about one dead server', many(500, i => refused(probe(i, target, 443)))],
    ['about 14 ports', many(14, i => refused(probe(i, target, 1 + i)))],
    ['about 39 ports in an hour', many(39, i => refused(probe(i * 90, target, 1 + i)))],
    [
      'about a browser whose IPv6 is dead',
      many(200, i => silent(probe(i, `198.51.100.${i}`, 443))),
    ],
    [
      'about connections that work',
      many(100, i => talk(i, scanner, `192.168.1.${100 + i}`, 445, 41_000 + i)),
    ],
    [
      'about the server of whom only answers are seen',
      many(100, i => [
        segment({
          at: i * 0.01,
          src: target,
          dst: scanner,
          ports: [443, 50_000 + i],
          flags: p.SYN | p.ACK,
        }),
        segment({
          at: i * 0.01,
          src: target,
          dst: scanner,
          ports: [443, 52_000 + i],
          flags: p.RST | p.ACK,
        }),
      ]),
    ],
    [
      'about a route that is traced',
      many(90, i => [
        {
          at: i * 0.05,
          frame: p.ethernet(
            {},
            p.ipv4(
              { src: scanner, dst: outside, ttl: 1 + i / 3 },
              p.udp({ srcPort: 45_000, dstPort: 33_434 + i }),
            ),
          ),
        },
      ]),
    ],
  ])('%s', async (_, packets) => {
    expect(await signals(packets)).toEqual([])
  })
})

describe('the shipped rules', () => {
  test('make one alert of a scan inside', async () => {
    const told = await alerts(many(1000, i => refused(probe(i * 0.01, target, 1 + i))))
    expect(told).toMatchObject([
      { rule: { name: 'Port Scan From Inside' }, event: { severity: 47 }, source: { ip: scanner } },
    ])
  })

  test('make one of level low of a scan from outside', async () => {
    const told = await alerts(many(100, i => refused(probe(i * 0.01, target, 1 + i, outside))))
    expect(told).toMatchObject([
      { rule: { name: 'Scan From Outside' }, event: { severity: 21 }, source: { ip: outside } },
    ])
  })
})

describe('the same host that scans again', () => {
  const scanAt = (at: number) => many(100, i => silent(probe(at + i * 0.1, target, 1000 + i)))
  const again = [...scanAt(0), ...scanAt(1800), ...talk(9000, target, '192.168.1.11', 8080)]

  test('is told of again, as another scan', async () => {
    const told = await signals(again)
    expect(told.map(({ orthrus }) => orthrus.signal)).toMatchObject([
      { name: 'port-scan', entity: scanner, evidence: { ports: 15 } },
      { name: 'port-scan', entity: scanner, evidence: { ports: 15 } },
    ])
    expect(new Set(told.map(({ event }) => event.id)).size).toBe(2)
  })

  test('is one alert, and what the silence kept back is said when it is over', async () => {
    const told = await alerts(again)
    expect(told.map(({ rule, event }) => [rule.name, event.action])).toEqual([
      ['Port Scan From Inside', 'port-scan'],
      ['Port Scan From Inside', 'suppressed-alerts'],
    ])
  })

  test('slowly is one scan, however long it pauses', async () => {
    const slow = many(80, i => silent(probe(Math.max(0, i * 900 - 600), target, 1000 + i)))
    expect(await signals(slow)).toHaveLength(1)
  })
})

test('a flood of sources is refused, and does not push out who is watched', async () => {
  const flood = many(2000, i =>
    silent(probe(10 + i * 0.01, target, 80, `198.${18 + (i % 2)}.${(i >> 8) & 255}.${i & 255}`)),
  )
  const slow = many(60, i => silent(probe(1 + i, '192.168.1.20', 1 + i)))
  const detectors = { scan: { sources: 64, entries: 128 } }
  const told = await signals([...flood, ...slow], { detectors })
  expect(told.filter(({ source }) => source?.ip === scanner)).toHaveLength(1)
})
