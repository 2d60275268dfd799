import { describe, expect, test } from 'vitest'
import { Defragmenter } from '../../src/decode/defragment.ts'
import { type KernelEvent } from '../../src/decode/event.ts'
import { type FlowEvent } from '../../src/decode/flow.ts'
import { type MessageEvent } from '../../src/decode/message.ts'
import * as p from '../generate/packets.ts'
import { inBoth, newPair } from './support/both.ts'
import { type How, type Probe } from './support/probe.ts'

type Wrap = (packet: p.Layer) => Uint8Array

const plain: Wrap = packet => p.ethernet({}, packet)
const syn = () => p.tcp({ srcPort: 40_000, dstPort: 80, flags: p.SYN, options: p.synOptions() })
const snap = (type: number) => p.concat(p.u8(0xaa, 0xaa, 3, 0, 0, 0), p.u16(type))

/** What the first packet of a conversation is reported as. */
function start(probe: Probe, frame: Uint8Array, how?: How): FlowEvent {
  const events = seen(probe, frame, how)
  const first = events.find(event => event.kind === 'flow')
  if (first?.kind !== 'flow') throw new Error('no conversation was reported')
  expect(first.action).toBe('start')
  return first
}

function seen(probe: Probe, frame: Uint8Array, how?: How): KernelEvent[] {
  probe.skip()
  probe.feed(frame, how)
  return probe.events()
}

/** By how much the counters move for one frame. */
function counted(probe: Probe, frame: Uint8Array, how?: How) {
  const before = probe.counters()
  probe.feed(frame, how)
  const after = probe.counters()
  const names = [
    'packets',
    'bytes',
    'flows',
    'fragments',
    'fragmentsLost',
    'malformed',
    'notIp',
  ] as const
  return Object.fromEntries(
    names.map(name => [name, after[name] - before[name]] as const).filter(([, more]) => more > 0),
  )
}

inBoth('link layer', probe => {
  const links: [string, Wrap, { vlan?: number; innerVlan?: number }][] = [
    ['Ethernet', plain, {}],
    ['802.1Q', packet => p.ethernet({}, p.vlan({ id: 5 }, packet)), { vlan: 5 }],
    ['a priority tag', packet => p.ethernet({}, p.vlan({ id: 0, priority: 7 }, packet)), {}],
    [
      'QinQ',
      packet => p.ethernet({}, p.vlan({ id: 9, tpid: p.TPID_8021AD }, p.vlan({ id: 5 }, packet))),
      { vlan: 9, innerVlan: 5 },
    ],
    [
      'QinQ of type 0x9100',
      packet => p.ethernet({}, p.vlan({ id: 9, tpid: p.TPID_9100 }, p.vlan({ id: 4094 }, packet))),
      { vlan: 9, innerVlan: 4094 },
    ],
    [
      'three tags',
      packet => p.ethernet({}, p.vlan({ id: 1 }, p.vlan({ id: 2 }, p.vlan({ id: 3 }, packet)))),
      { vlan: 1, innerVlan: 2 },
    ],
    [
      '802.3 with SNAP',
      packet => p.ethernet8023({}, p.concat(snap(packet.etherType ?? 0), packet)),
      {},
    ],
    [
      '802.3 with SNAP behind a tag',
      packet => {
        const body = p.concat(snap(packet.etherType ?? 0), packet)
        return p.ethernet({}, p.vlan({ id: 7, type: body.length }, body))
      },
      { vlan: 7 },
    ],
  ]

  describe.each(links)('%s', (_, wrap, { vlan = 0, innerVlan = 0 }) => {
    test.each([4, 6] as const)('IPv%i', family => {
      const ends = newPair(family)
      const packet = family === 4 ? p.ipv4(ends, syn()) : p.ipv6(ends, syn())
      const flow = start(probe(), wrap(packet))
      expect(flow).toMatchObject({ family, protocol: 6, vlan, innerVlan, onLink: true })
      expect([flow.sourceIp, flow.sourcePort]).toEqual([ends.src, 40_000])
      expect([flow.destinationIp, flow.destinationPort]).toEqual([ends.dst, 80])
      expect(flow.sourceMac).toBe('02-00-00-00-00-01')
      expect(flow.destinationMac).toBe('02-00-00-00-00-02')
    })

    test('ARP', () => {
      const arp = p.arp({ senderIp: '10.0.0.1', targetIp: '10.0.0.2' })
      const [event, ...more] = seen(probe(), wrap(arp))
      expect(more).toEqual([])
      expect(event).toMatchObject({ kind: 'arp', action: 'request', vlan, innerVlan })
      expect([event?.sourceIp, event?.destinationIp]).toEqual(['10.0.0.1', '10.0.0.2'])
    })
  })

  test('frames without IP or ARP are counted', () => {
    const lldp = p.ethernet({ type: 0x88cc }, p.noise(50))
    const stp = p.ethernet8023({}, p.concat(p.u8(0x42, 0x42, 3), p.noise(40)))
    for (const frame of [lldp, stp]) expect(counted(probe(), frame)).toMatchObject({ notIp: 1 })
    expect(probe().events()).toEqual([])
  })

  test('the same addresses in another VLAN are other hosts', () => {
    const packet = p.ipv4(newPair(4), syn())
    for (const id of [0, 1, 2]) start(probe(), p.ethernet({}, p.vlan({ id }, packet)))
    start(probe(), p.ethernet({}, p.vlan({ id: 2 }, p.vlan({ id: 1 }, packet))))
  })

  test.each([4, 6] as const)('IPv%i on a device without link layer', family => {
    const ends = newPair(family)
    const packet = family === 4 ? p.ipv4(ends, syn()) : p.ipv6(ends, syn())
    const flow = start(probe(), packet.bytes, { link: 'l3' })
    expect(flow).toMatchObject({ family, onLink: false, sourceMac: undefined })
    expect([flow.sourceIp, flow.sourceBytes]).toEqual([ends.src, packet.bytes.length])
  })

  test('neither version on a device without link layer', () => {
    const bytes = p.concat(p.u8(0x55), p.noise(39))
    expect(counted(probe(), bytes, { link: 'l3' })).toMatchObject({ notIp: 1 })
  })
})

inBoth('network layer', probe => {
  test('IPv4 options', () => {
    const options = p.concat(p.u8(0x94, 4, 0, 0), p.fill(36, 1))
    const flow = start(probe(), plain(p.ipv4({ ...newPair(4), options }, syn())))
    expect(flow).toMatchObject({ sourcePort: 40_000, destinationPort: 80 })
  })

  test('padding behind the datagram is no payload', () => {
    const ends = newPair(4)
    const ack = p.tcp({ srcPort: 2, dstPort: 1, flags: p.ACK })
    const flow = start(probe(), p.ethernet({ padTo: 60 }, p.ipv4(ends, ack)))
    expect(flow).toMatchObject({ sourcePayload: 0, sourceBytes: 60, sourcePackets: 1 })
  })

  test('a length of zero stands for the rest of the frame', () => {
    const data = p.tcp({ srcPort: 2, dstPort: 1 }, 'hello')
    const four = plain(p.ipv4({ ...newPair(4), totalLength: 0 }, data))
    const six = plain(p.ipv6({ ...newPair(6), payloadLength: 0 }, data))
    for (const frame of [four, six]) expect(start(probe(), frame).sourcePayload).toBe(5)
  })

  test.each([
    ['version 5', p.ipv4({ ...newPair(4), version: 5 }, syn())],
    ['a total length below the header', p.ipv4({ ...newPair(4), totalLength: 19 }, syn())],
    ['a header of 16 bytes', headerOf(4)],
    [
      'options behind the end',
      p.ipv4({ ...newPair(4), totalLength: 24, options: p.fill(8, 1) }, ''),
    ],
  ])('IPv4 with %s is malformed', (_, packet) => {
    expect(counted(probe(), plain(packet))).toMatchObject({ malformed: 1 })
    expect(probe().events()).toEqual([])
  })

  function headerOf(words: number): p.Layer {
    const packet = p.ipv4(newPair(4), syn())
    packet.bytes[0] = 0x40 | words
    return packet
  }

  const extensions: [string, p.Extension[]][] = [
    ['hop-by-hop', [p.hopByHop()]],
    ['hop-by-hop of 264 bytes', [p.hopByHop(33)]],
    ['routing', [p.routing()]],
    ['routing over three hops', [p.routing({ addresses: ['fd00::7', 'fd00::8', 'fd00::9'] })]],
    ['destination options', [p.destinationOptions(3)]],
    ['authentication', [p.authentication()]],
    ['mobility', [p.mobility()]],
    ['an atomic fragment', [p.fragmentHeader({ id: 3 })]],
    ['HIP', [{ header: 139, bytes: next => p.concat(p.u8(next, 0), p.fill(6)) }]],
    ['shim6', [{ header: 140, bytes: next => p.concat(p.u8(next, 1), p.fill(14)) }]],
    ['hop-by-hop, routing, destination, authentication', all()],
    ['eight of them', Array.from({ length: 8 }, () => p.destinationOptions())],
  ]

  function all(): p.Extension[] {
    return [p.hopByHop(2), p.routing(), p.destinationOptions(), p.authentication()]
  }

  test.each(extensions)('IPv6 with %s', (_, list) => {
    const frame = plain(p.ipv6({ ...newPair(6), extensions: list }, syn()))
    const flow = start(probe(), frame)
    expect(flow).toMatchObject({ protocol: 6, sourcePort: 40_000, destinationPort: 80 })
    expect(flow).toMatchObject({ sourceBytes: frame.length, sourcePayload: 0 })
  })

  test('more extension headers than anyone needs are not followed', () => {
    const nine = Array.from({ length: 9 }, () => p.destinationOptions())
    const flow = start(probe(), plain(p.ipv6({ ...newPair(6), extensions: nine }, syn())))
    expect(flow).toMatchObject({ protocol: 60, sourcePort: 0, destinationPort: 0 })
  })

  test('an extension header that ends behind the packet is malformed', () => {
    const long: p.Extension = { header: 60, bytes: next => p.concat(p.u8(next, 200), p.fill(6)) }
    const frame = plain(p.ipv6({ ...newPair(6), extensions: [long] }, syn()))
    expect(counted(probe(), frame)).toMatchObject({ malformed: 1 })
  })

  test('no next header is no conversation', () => {
    expect(seen(probe(), plain(p.ipv6(newPair(6), '')))).toEqual([])
  })
})

inBoth('transport layer', probe => {
  const ports = { srcPort: 5678, dstPort: 1234 }
  const carried: [string, p.Layer, number, number, number][] = [
    ['TCP', p.tcp(ports, 'abc'), 5678, 1234, 3],
    ['TCP with options', p.tcp({ ...ports, options: p.timestampOption(1) }, 'abc'), 5678, 1234, 3],
    ['TCP with a wrong offset', p.tcp({ ...ports, dataOffset: 15 }, 'abc'), 5678, 1234, 0],
    ['TCP with an offset below 5', p.tcp({ ...ports, dataOffset: 2 }, 'abc'), 5678, 1234, 0],
    ['UDP', p.udp(ports, 'abc'), 5678, 1234, 3],
    ['UDP without checksum', p.udp({ ...ports, checksum: 0 }, 'abc'), 5678, 1234, 3],
    ['UDP that is shorter than its packet', p.udp({ ...ports, length: 9 }, 'abc'), 5678, 1234, 1],
    ['UDP that says more than it is', p.udp({ ...ports, length: 99 }, 'abc'), 5678, 1234, 3],
    ['SCTP', p.sctp(ports, 'abcd'), 5678, 1234, 20],
    ['DCCP', other(33, p.concat(p.u16(5678, 1234), p.fill(12))), 5678, 1234, 16],
    ['UDP-Lite', other(136, p.concat(p.u16(5678, 1234, 8, 0), 'abc')), 5678, 1234, 11],
    ['IGMP', other(2, p.fill(8, 0x11)), 0, 0, 8],
    ['ESP', other(50, p.noise(40)), 0, 0, 40],
    ['OSPF', other(89, p.noise(44)), 0, 0, 44],
    ['protocol 253', other(253, p.noise(3)), 0, 0, 3],
  ]

  function other(protocol: number, bytes: Uint8Array): p.Layer {
    return { protocol, bytes }
  }

  describe.each(carried)('%s', (_, layer, sourcePort, destinationPort, sourcePayload) => {
    test.each([4, 6] as const)('in IPv%i', family => {
      const ends = newPair(family)
      const packet = family === 4 ? p.ipv4(ends, layer) : p.ipv6(ends, layer)
      const flow = start(probe(), plain(packet))
      expect(flow).toMatchObject({ protocol: layer.protocol, sourcePort, destinationPort })
      expect(flow.sourcePayload).toBe(sourcePayload)
    })
  })

  test('ICMP echo and its payload', () => {
    const events = seen(probe(), plain(p.ipv4(newPair(4), p.echo({ id: 77, seq: 1 }, 'ping'))))
    expect(events.map(({ kind }) => kind)).toEqual(['flow', 'icmp'])
    expect(events[0]).toMatchObject({ sourcePort: 8, destinationPort: 0, sourcePayload: 12 })
    expect(events[1]).toMatchObject({ type: 8, code: 0, id: 77, payloadBytes: 4 })
  })

  test('ICMPv6 echo', () => {
    const events = seen(probe(), plain(p.ipv6(newPair(6), p.echo6({ id: 78 }, ''))))
    expect(events.map(({ kind }) => kind)).toEqual(['flow', 'icmp'])
    expect(events[0]).toMatchObject({ sourcePort: 128, destinationPort: 129 })
    expect(events[1]).toMatchObject({ type: 128, id: 78, payloadBytes: 0 })
  })

  test('ICMP of IPv6 in IPv4, and the other way round, is only a number', () => {
    const six = start(
      probe(),
      plain(p.ipv4(newPair(4), { protocol: 58, bytes: p.u8(128, 0, 0, 0) })),
    )
    const four = start(probe(), plain(p.ipv6(newPair(6), { protocol: 1, bytes: p.u8(8, 0, 0, 0) })))
    for (const flow of [six, four]) expect([flow.sourcePort, flow.destinationPort]).toEqual([0, 0])
  })

  test('every ICMP error is news, with the packet that it quotes', () => {
    const ends = newPair(4)
    const quoted = p.ipv4({ src: ends.dst, dst: ends.src }, p.udp({ srcPort: 5, dstPort: 33434 }))
    const errors = [3, 11, 3].map(type => p.icmp({ type, code: 0 }, quoted))
    const events = errors.flatMap(layer => seen(probe(), plain(p.ipv4(ends, layer))))
    const icmp = events.filter(({ kind }) => kind === 'icmp')
    expect(icmp).toHaveLength(3)
    for (const event of icmp) {
      expect(event).toMatchObject({ quoted: { destinationPort: 33434, protocol: 17 } })
    }
  })

  test('neighbour discovery is news every time', () => {
    const ends = { src: 'fe80::1', dst: 'ff02::1', hopLimit: 255 }
    const sourceMac = '02:00:00:00:00:01'
    const messages = [
      p.neighborSolicitation({ target: 'fe80::2', sourceMac }),
      p.neighborAdvertisement({ target: 'fe80::1', targetMac: sourceMac }),
      p.routerSolicitation({ sourceMac }),
      p.routerAdvertisement({ sourceMac, prefixes: [{ prefix: 'fd00::' }] }),
    ]
    for (const message of [...messages, ...messages]) {
      const events = seen(probe(), plain(p.ipv6(ends, message)))
      expect(events.filter(({ kind }) => kind === 'ndp')).toHaveLength(1)
    }
  })

  test('echoes of a conversation that is known are not', () => {
    const ends = newPair(4)
    const back = { src: ends.dst, dst: ends.src }
    seen(probe(), plain(p.ipv4(ends, p.echo({ id: 1 }))))
    expect(seen(probe(), plain(p.ipv4(back, p.echo({ id: 1, reply: true }))))).toEqual([])
    expect(seen(probe(), plain(p.ipv4(ends, p.echo({ id: 1, seq: 2 }))))).toEqual([])
  })
})

inBoth('fragments', probe => {
  const query = p.udp({ srcPort: 40_000, dstPort: 9999 }, p.noise(100))
  const cut = (family: 4 | 6, id: number) => {
    const ends = newPair(family)
    if (family === 4) return p.ipv4Fragments({ ...ends, id }, query, 48).map(plain)
    return p.ipv6Fragments({ ...ends, id }, query, 48).map(plain)
  }

  test.each([4, 6] as const)('of IPv%i are counted to the conversation of the first', family => {
    const frames = cut(family, 500 + family)
    const [first = p.u8(), ...rest] = frames
    expect(rest).toHaveLength(2)
    expect(start(probe(), first)).toMatchObject({ sourcePort: 40_000, destinationPort: 9999 })
    for (const frame of rest) expect(counted(probe(), frame)).toMatchObject({ fragments: 1 })
    const length = frames.reduce((sum, frame) => sum + frame.length, 0)
    const flow = probe()
      .flows()
      .find(({ sourceBytes }) => sourceBytes === length)
    expect(flow).toMatchObject({ family, sourcePackets: 3, sourcePayload: 100 })
  })

  test.each([4, 6] as const)('of IPv%i without a first one are counted as lost', family => {
    const [, second = p.u8(), third = p.u8()] = cut(family, 600 + family)
    for (const frame of [second, third]) {
      const before = probe().flows().length
      expect(counted(probe(), frame)).toMatchObject({ fragments: 1, fragmentsLost: 1 })
      expect(probe().flows()).toHaveLength(before)
    }
  })

  test('of another datagram do not count to this one', () => {
    const ends = newPair(4)
    const [first = p.u8()] = p.ipv4Fragments({ ...ends, id: 1 }, query, 48).map(plain)
    const [, second = p.u8()] = p.ipv4Fragments({ ...ends, id: 2 }, query, 48).map(plain)
    probe().feed(first)
    expect(counted(probe(), second)).toMatchObject({ fragmentsLost: 1 })
  })

  test('the message in a first fragment says that it goes on', () => {
    const layer = p.udp({ srcPort: 40_000, dstPort: 443 }, p.quicInitial())
    const [first = p.u8()] = p.ipv4Fragments({ ...newPair(4), id: 9 }, layer, 800).map(plain)
    const message = seen(probe(), first).find(({ kind }) => kind === 'message')
    expect(message).toMatchObject({ fragmented: true, application: 'quic' })
  })

  test('of other datagrams are only counted', () => {
    const kinds = cut(4, 800)
      .flatMap(frame => seen(probe(), frame))
      .map(({ kind }) => kind)
    expect(kinds).not.toContain('fragment')
  })

  test.each([4, 6] as const)(
    'of a name over IPv%i carry the datagram, its UDP header first',
    family => {
      const name = 'a.example'
      const data = ['x'.repeat(200), 'y'.repeat(200)]
      const long = p.dnsAnswer(name, [{ name, type: 'TXT', data }])
      const layer = p.udp({ srcPort: 53, dstPort: 40_000, checksum: 0 }, long)
      const cutUp = (id: number) => {
        const ends = newPair(family)
        if (family === 4) return p.ipv4Fragments({ ...ends, id }, layer, 160).map(plain)
        return p.ipv6Fragments({ ...ends, id }, layer, 160).map(plain)
      }
      for (const frames of [cutUp(700), cutUp(701).reverse()]) {
        const found = frames
          .flatMap(frame => seen(probe(), frame))
          .filter(event => event.kind === 'fragment')
          .sort((a, b) => a.fragmentOffset - b.fragmentOffset)
        const places = found.map(({ fragmentOffset, more }) => [fragmentOffset, more])
        expect(places).toEqual([0, 160, 320].map((at, i) => [at, i < 2]))
        expect(new Set(found.map(({ id }) => id)).size).toBe(1)
        expect(Buffer.concat(found.map(({ bytes }) => bytes)).equals(layer.bytes)).toBe(true)
      }
    },
  )

  test('of a name’s datagram go up, in any order, and make one message', () => {
    const long = p.dnsAnswer('a.example', [
      { name: 'a.example', type: 'TXT', data: 'x'.repeat(200) },
    ])
    const layer = p.udp({ srcPort: 53, dstPort: 40_000 }, long)
    const frames = p.ipv4Fragments({ ...newPair(4), id: 9 }, layer, 96).map(plain)
    const whole: MessageEvent[] = []
    const defragmenter = new Defragmenter(message => whole.push(message))
    for (const frame of frames.reverse()) {
      for (const event of seen(probe(), frame)) {
        if (event.kind === 'fragment') defragmenter.take(event)
      }
    }
    expect(whole).toHaveLength(1)
    expect(whole[0]).toMatchObject({ application: 'dns', fromResponder: true, destinationPort: 53 })
    expect(whole[0]?.bytes.equals(long)).toBe(true)
  })
})
