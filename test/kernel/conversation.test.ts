import { expect, test } from 'vitest'
import { type FlowEvent } from '../../src/decode/flow.ts'
import * as p from '../generate/packets.ts'
import { inBoth, newPair } from './support/both.ts'
import { type Probe } from './support/probe.ts'

const { SYN, ACK, FIN, RST, PSH } = p
type Said = readonly [who: 'a' | 'b', flags: number, payload?: string]

/** A conversation between `a` and `b`, packet by packet. */
class Talk {
  readonly a: p.End
  readonly b: p.End
  readonly lengths = { a: 0, b: 0 }
  readonly #probe: Probe
  readonly #seq = { a: 1000, b: 5000 }

  constructor(probe: Probe, ports: readonly [number, number], family: 4 | 6 = 4) {
    const { src, dst } = newPair(family)
    this.a = { ip: src, port: ports[0] }
    this.b = { ip: dst, port: ports[1] }
    this.#probe = probe
  }

  /** Sends TCP segments in order; returns the flow records that came of them. */
  say(...said: readonly Said[]): FlowEvent[] {
    for (const [who, flags, payload = ''] of said) {
      const [src, dst] = this.#ends(who)
      const ports = { srcPort: src.port, dstPort: dst.port }
      this.#send(who, p.between(src, dst, p.tcp({ ...ports, flags, seq: this.#seq[who] }, payload)))
      this.#seq[who] += payload.length + (flags & (SYN | FIN) ? 1 : 0)
    }
    return this.flows()
  }

  udp(who: 'a' | 'b', payload = 'x'): FlowEvent[] {
    const [src, dst] = this.#ends(who)
    this.#send(who, p.between(src, dst, p.udp({ srcPort: src.port, dstPort: dst.port }, payload)))
    return this.flows()
  }

  send(who: 'a' | 'b', layer: p.Layer): FlowEvent[] {
    this.#send(who, p.between(...this.#ends(who), layer))
    return this.flows()
  }

  flows(): FlowEvent[] {
    return this.#probe.events().filter(event => event.kind === 'flow')
  }

  /** Its entry in the table. */
  entry(): FlowEvent {
    const mine = new Set([this.a.ip, this.b.ip])
    const found = this.#probe
      .flows()
      .filter(
        ({ sourceIp = '', destinationIp = '' }) => mine.has(sourceIp) && mine.has(destinationIp),
      )
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} entries in the table`)
    return found[0]
  }

  #ends(who: 'a' | 'b'): [p.End, p.End] {
    return who === 'a' ? [this.a, this.b] : [this.b, this.a]
  }

  #send(who: 'a' | 'b', packet: p.Layer): void {
    const frame = p.ethernet({}, packet)
    this.lengths[who] += frame.length
    this.#probe.feed(frame)
  }
}

const opening: Said[] = [
  ['a', SYN],
  ['b', SYN | ACK],
  ['a', ACK],
]

inBoth('who opened', probe => {
  // For each first packet: the ports of its sender and receiver, and whether its sender opened.
  const firsts: [string, readonly Said[], readonly [number, number], 'a' | 'b'][] = [
    ['SYN', [['a', SYN]], [80, 40_000], 'a'],
    ['SYN with data', [['a', SYN, 'hello']], [40_000, 80], 'a'],
    ['SYN with ECN bits', [['a', SYN | p.ECE | p.CWR]], [40_000, 80], 'a'],
    ['SYN-ACK first', [['a', SYN | ACK]], [40_000, 80], 'b'],
    ['data to a service', [['a', ACK | PSH, 'x']], [40_000, 443], 'a'],
    ['data from a service', [['a', ACK | PSH, 'x']], [443, 40_000], 'b'],
    ['data to the lower of two high ports', [['a', ACK, 'x']], [50_000, 8443], 'a'],
    ['data from the lower of two high ports', [['a', ACK, 'x']], [8443, 50_000], 'b'],
    ['FIN from a service', [['a', FIN | ACK]], [22, 40_000], 'b'],
    ['RST from a service', [['a', RST]], [22, 40_000], 'b'],
  ]

  test.each(firsts)('TCP: %s', (_, said, ports, opener) => {
    for (const family of [4, 6] as const) {
      const talk = new Talk(probe(), ports, family)
      const [start] = talk.say(...said)
      expect(start).toMatchObject({ action: 'start' })
      expect([start?.sourceIp, start?.sourcePort]).toEqual([talk[opener].ip, talk[opener].port])
      const first = said[0]?.[1] ?? 0
      expect(start?.midstream).toBe((first & SYN) === 0)
    }
  })

  test('it never flips', () => {
    const talk = new Talk(probe(), [443, 40_000])
    talk.say(['a', ACK, 'late data of a server'])
    talk.say(['b', ACK], ['a', SYN | ACK], ['b', PSH | ACK, 'x'], ['a', SYN], ['b', SYN])
    expect([talk.entry().sourceIp, talk.entry().sourcePort]).toEqual([talk.b.ip, 40_000])
  })

  test('UDP: the first packet, unless it comes from a service', () => {
    const table: [[number, number], 'a' | 'b'][] = [
      [[40_000, 53], 'a'],
      [[53, 40_000], 'b'],
      [[50_000, 40_000], 'a'],
      [[123, 123], 'a'],
      [[5355, 40_000], 'b'],
      [[5353, 5353], 'a'],
      [[0, 40_000], 'a'],
    ]
    for (const [ports, opener] of table) {
      const talk = new Talk(probe(), ports)
      const [start] = talk.udp('a')
      talk.udp('b')
      expect(start?.sourceIp, `${ports}`).toBe(talk[opener].ip)
      expect(talk.entry().sourceIp).toBe(talk[opener].ip)
    }
  })

  test('ICMP: who asked, also when only the answer was seen', () => {
    const request = new Talk(probe(), [0, 0])
    expect(request.send('a', p.echo({ id: 1 }))[0]?.sourceIp).toBe(request.a.ip)
    const answer = new Talk(probe(), [0, 0])
    const [flow] = answer.send('a', p.echo({ id: 1, reply: true }))
    expect(flow).toMatchObject({ sourceIp: answer.b.ip, sourcePort: 8, destinationPort: 0 })
    const six = new Talk(probe(), [0, 0], 6)
    const [flow6] = six.send('a', p.echo6({ id: 1, reply: true }))
    expect(flow6).toMatchObject({ sourceIp: six.b.ip, sourcePort: 128, destinationPort: 129 })
  })

  test('a group opens nothing', () => {
    const four = newPair(4).src
    const six = newPair(6).src
    const groups: [string, string, p.Layer][] = [
      [four, '224.0.0.1', p.udp({ srcPort: 520, dstPort: 9999 }, 'x')],
      [four, '255.255.255.255', p.udp({ srcPort: 514, dstPort: 9999 }, 'x')],
      [four, '224.0.0.1', p.icmp({ type: 9 })],
      [six, 'ff02::1', p.icmpv6({ type: 134 }, p.fill(8))],
      [six, 'ff02::fb', p.icmpv6({ type: 131 }, p.fill(16))],
    ]
    for (const [from, to, layer] of groups) {
      probe().feed(p.ethernet({}, p.between({ ip: from, port: 0 }, { ip: to, port: 0 }, layer)))
      const flow = probe()
        .events()
        .find(event => event.kind === 'flow')
      expect([flow?.sourceIp, flow?.destinationIp]).toEqual([from, to])
    }
  })

  test('MACs follow the opener', () => {
    const { src, dst } = newPair(4)
    const layer = p.tcp({ srcPort: 443, dstPort: 40_000, flags: SYN | ACK })
    const macs = { src: '02:00:00:00:00:0b', dst: '02:00:00:00:00:0a' }
    probe().feed(p.ethernet(macs, p.ipv4({ src, dst }, layer)))
    const [flow] = probe().events()
    expect(flow).toMatchObject({ sourceIp: dst, sourceMac: '02-00-00-00-00-0A' })
    expect(flow).toMatchObject({ destinationIp: src, destinationMac: '02-00-00-00-00-0B' })
  })
})

inBoth('how it goes and ends', probe => {
  test.each([4, 6] as const)('IPv%i: FIN, FIN, ACK ends it, with totals of both sides', family => {
    const talk = new Talk(probe(), [40_000, 80], family)
    const [start, ...none] = talk.say(...opening)
    expect(start).toMatchObject({ action: 'start', sourcePackets: 1, destinationPackets: 0 })
    expect(none).toEqual([])
    expect(talk.say(['a', PSH | ACK, 'request'], ['b', PSH | ACK, 'a long answer'])).toEqual([])
    expect(talk.say(['a', ACK], ['a', FIN | ACK], ['b', FIN | ACK])).toEqual([])
    const [end, ...more] = talk.say(['a', ACK])
    expect(more).toEqual([])
    expect(end).toMatchObject({ action: 'end', state: 'closed', history: 'ShADdFf' })
    expect(end).toMatchObject({ sourcePackets: 6, sourcePayload: 7, sourceBytes: talk.lengths.a })
    expect(end).toMatchObject({ destinationPackets: 3, destinationPayload: 13 })
    expect(end).toMatchObject({ destinationBytes: talk.lengths.b })
    expect(end?.sourceTcpFlags).toBe(SYN | ACK | PSH | FIN)
    expect([end?.sourceIp, end?.destinationIp]).toEqual([talk.a.ip, talk.b.ip])
    expect(end?.communityId).toBe(start?.communityId)
    expect(end?.end).toBeGreaterThanOrEqual(end?.start ?? 0)
  })

  test('the end is told once, late packets only count', () => {
    const talk = new Talk(probe(), [40_000, 80])
    talk.say(...opening, ['b', FIN | ACK], ['a', FIN | ACK], ['b', ACK])
    expect(talk.say(['a', ACK], ['b', RST], ['a', RST])).toEqual([])
    expect(talk.entry()).toMatchObject({ sourcePackets: 5, destinationPackets: 4 })
  })

  test('RST ends it at once', () => {
    const talk = new Talk(probe(), [40_000, 81])
    const [start, end, ...more] = talk.say(['a', SYN], ['b', RST | ACK])
    expect(start).toMatchObject({ action: 'start' })
    expect(end).toMatchObject({ action: 'end', state: 'rejected', history: 'Sr' })
    expect([end?.sourceIp, end?.sourcePackets, end?.destinationPackets]).toEqual([talk.a.ip, 1, 1])
    expect(more).toEqual([])
  })

  test('RST in the middle', () => {
    const talk = new Talk(probe(), [40_000, 80])
    const [, end] = talk.say(...opening, ['a', PSH | ACK, 'x'], ['a', RST | ACK])
    expect(end).toMatchObject({ state: 'reset', history: 'ShADR', sourcePackets: 4 })
  })

  test('a SYN on a closed connection starts the next one', () => {
    const talk = new Talk(probe(), [40_000, 80])
    talk.say(...opening, ['a', FIN | ACK], ['b', FIN | ACK], ['a', ACK])
    const before = probe().counters().flows
    const [start, ...more] = talk.say(['a', SYN])
    expect(more).toEqual([])
    expect(start).toMatchObject({ action: 'start', sourcePackets: 1, destinationPackets: 0 })
    expect(probe().counters().flows).toBe(before)
    talk.say(['b', SYN | ACK], ['a', ACK])
    expect(talk.entry()).toMatchObject({ sourcePackets: 2, destinationPackets: 1, history: 'ShA' })
  })

  test('a SYN the other way round on a closed connection has another opener', () => {
    const talk = new Talk(probe(), [40_000, 80])
    talk.say(['a', SYN], ['b', RST])
    const [start] = talk.say(['b', SYN])
    expect(start).toMatchObject({ action: 'start', sourceIp: talk.b.ip, sourcePort: 80 })
  })

  test('a SYN on a half closed connection ends the old one first', () => {
    const talk = new Talk(probe(), [40_000, 80])
    talk.say(...opening, ['a', FIN | ACK])
    const [end, start] = talk.say(['a', SYN])
    expect(end).toMatchObject({ action: 'end', sourcePackets: 3, destinationPackets: 1 })
    expect(start).toMatchObject({ action: 'start', sourcePackets: 1, destinationPackets: 0 })
  })

  test('both may open the same connection at once', () => {
    const talk = new Talk(probe(), [40_000, 41_000])
    const flows = talk.say(['a', SYN], ['b', SYN], ['a', SYN | ACK], ['b', SYN | ACK])
    expect(flows.map(({ action }) => action)).toEqual(['start'])
    const entry = talk.entry()
    expect(entry).toMatchObject({ sourcePackets: 2, destinationPackets: 2, history: 'SsHh' })
    expect(entry.sourceIp).toBe(talk.a.ip)
  })

  test('a SYN that is sent again changes nothing', () => {
    const talk = new Talk(probe(), [40_000, 80])
    expect(talk.say(['a', SYN], ['a', SYN], ['a', SYN])).toHaveLength(1)
    expect(talk.entry()).toMatchObject({ sourcePackets: 3, history: 'S', state: 'attempt' })
  })

  test('history keeps the first of each kind, of each side', () => {
    const talk = new Talk(probe(), [40_000, 80])
    talk.say(...opening, ['b', ACK], ['b', PSH | ACK, 'x'], ['a', PSH | ACK, 'y'], ['b', FIN | ACK])
    talk.say(['a', ACK], ['a', RST])
    expect(talk.entry().history).toBe('ShAadDfR')
  })

  test('totals of a UDP conversation', () => {
    const talk = new Talk(probe(), [40_000, 9], 6)
    talk.udp('a', 'one')
    talk.udp('b', 'answer')
    talk.udp('a', '')
    const entry = talk.entry()
    expect(entry).toMatchObject({ sourcePackets: 2, sourcePayload: 3, sourceBytes: talk.lengths.a })
    expect(entry).toMatchObject({ destinationPackets: 1, destinationPayload: 6 })
    expect(entry.destinationBytes).toBe(talk.lengths.b)
  })

  test('hosts with equal addresses and ports on both ends', () => {
    const ip = newPair(4).src
    const packet = p.ipv4({ src: ip, dst: ip }, p.udp({ srcPort: 7, dstPort: 7 }, 'x'))
    probe().feed(p.ethernet({}, packet))
    probe().feed(p.ethernet({}, packet))
    const [start, ...more] = probe()
      .events()
      .filter(({ kind }) => kind === 'flow')
    expect(start).toMatchObject({ sourceIp: ip, destinationIp: ip })
    expect(more).toEqual([])
  })

  test('neither the sides nor the families share an entry with others', () => {
    const base = new Talk(probe(), [40_000, 80])
    base.say(['a', SYN])
    base.udp('a')
    base.send('a', p.echo({ id: 1 }))
    expect(() => base.entry()).toThrow('3 entries')
  })
})
