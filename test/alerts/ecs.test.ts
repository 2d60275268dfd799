import { isIP } from 'node:net'
import { EcsFlat } from '@elastic/ecs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EventContext } from '../../src/alerts/ecs/context.ts'
import { joinFields } from '../../src/alerts/ecs/document.ts'
import { type DocumentedEvent, eventDocument } from '../../src/alerts/ecs.ts'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { eventFlags, eventKind, tunnel } from '../../src/decode/record.ts'
import { tcpFlag } from '../../src/decode/tcp.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import {
  addressBytes,
  flowBody,
  type Head,
  hex,
  icmpBody,
  macBytes,
  record,
} from '../decode/records.ts'

const home = homeOf(['192.168.0.0/16', '2001:db8::/32'])
const context: EventContext = {
  observer: { name: 'office', hostname: 'sensor-1', version: '0.1.0' },
  interfaceName: ifindex => (ifindex === 2 ? 'eth0' : undefined),
  direction: packet => home.direction(packet),
  destinationName: () => ({ name: 'www.example.org', source: 'tls' }),
  source: ({ family }) => ({
    place: undefined,
    device: family === 4 ? '0123456789abcdef' : undefined,
  }),
  destination: () => ({
    place: { country: 'US', asn: 64_496, organization: 'Example Networks' },
    device: undefined,
  }),
}

function decode(head: Head, body?: Uint8Array): DocumentedEvent {
  const view = record({ time: 1_790_000_000_123_456_000n, ...head }, body)
  const event = decodeRecord(view, 0, view.byteLength, unixClock)
  if (event === undefined || event.kind === 'message' || event.kind === 'fragment') {
    throw new Error('no documented event was decoded')
  }
  return event
}

interface EcsField {
  type: string
  normalize: string[]
  allowed_values?: { name: string; expected_event_types?: string[] }[]
  expected_values?: string[]
  pattern?: string
}
const ecs = EcsFlat as unknown as Record<string, EcsField | undefined>

/** Every fault of a document against ECS 9.4: unknown fields, wrong types, wrong values. */
function faults(document: object): string[] {
  return leaves(document).flatMap(([path, value]) => {
    if (path.startsWith('orthrus.'))
      return value === null || value === '' ? [`${path} is empty`] : []
    const field = ecs[path]
    if (field === undefined) return [`${path} is no ECS field`]
    const values = Array.isArray(value) ? value : [value]
    const wrong = values.filter(one => !fits(field, one)).map(one => `${path}: ${String(one)}`)
    const isArray = field.normalize.includes('array')
    return isArray === Array.isArray(value) ? wrong : [...wrong, `${path}: array or not`]
  })
}

function leaves(node: object, path = ''): [string, unknown][] {
  return Object.entries(node).flatMap(([name, value]): [string, unknown][] => {
    const here = path === '' ? name : `${path}.${name}`
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value)
    return inner ? leaves(value as object, here) : [[here, value]]
  })
}

function fits(field: EcsField, value: unknown): boolean {
  const allowed = field.allowed_values?.map(({ name }) => name) ?? field.expected_values
  if (allowed !== undefined && !allowed.includes(String(value))) return false
  if (field.pattern !== undefined && !new RegExp(field.pattern).test(String(value))) return false
  if (field.type === 'long') return Number.isSafeInteger(value)
  if (field.type === 'ip') return isIP(String(value)) !== 0
  if (field.type === 'date') return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(String(value))
  return typeof value === 'string' && value !== ''
}

const macs = { sourceMac: '00:00:5e:00:53:23', destinationMac: '00:00:5e:00:53:24' }

const flowHead = {
  kind: eventKind.EVENT_FLOW_END,
  source: '192.168.1.52',
  destination: '8.8.8.8',
  sourcePort: 54585,
  destinationPort: 443,
  vlan: 10,
  innerVlan: 20,
  ...macs,
}
const flowPart = flowBody({
  first: 1_790_000_000_000_000_000n,
  last: 1_790_000_000_123_456_789n,
  sides: [
    { packets: 5n, bytes: 800n, payload: 500n },
    { packets: 4n, bytes: 4400n, payload: 4100n },
  ],
  tcpFlags: [tcpFlag.syn | tcpFlag.ack | tcpFlag.fin, tcpFlag.syn | tcpFlag.ack | tcpFlag.fin],
  history: 'ShADadFf',
})

const arpPacket = hex(
  `0001 0800 0604 0001 ${Buffer.from(macBytes(macs.destinationMac)).toString('hex')} c0a80101 000000000000 c0a80102`,
)
const v6 = { family: 6, protocol: 58, source: 'fe80::1', destination: 'ff02::1', ...macs }
const bytes = (text: string) => Buffer.from(addressBytes(text)).toString('hex')

describe('the document', () => {
  test('of a flow says all that EVENTS asks for', () => {
    expect(eventDocument(decode(flowHead, flowPart), context)).toEqual({
      '@timestamp': '2026-09-21T14:13:20.123456Z',
      ecs: { version: '9.4.0' },
      event: {
        kind: 'event',
        category: ['network'],
        type: ['connection', 'end'],
        module: 'orthrus',
        dataset: 'orthrus.flow',
        action: 'flow-end',
        start: '2026-09-21T14:13:20.000000Z',
        end: '2026-09-21T14:13:20.123456Z',
        duration: 123_456_789,
      },
      observer: {
        type: 'sensor',
        vendor: 'Orthrus',
        product: 'Orthrus',
        name: 'office',
        hostname: 'sensor-1',
        version: '0.1.0',
        ingress: { interface: { name: 'eth0' } },
      },
      source: { mac: '00-00-5E-00-53-23', ip: '192.168.1.52', port: 54585, bytes: 800, packets: 5 },
      destination: {
        mac: '00-00-5E-00-53-24',
        ip: '8.8.8.8',
        port: 443,
        bytes: 4400,
        packets: 4,
        domain: 'www.example.org',
        registered_domain: 'example.org',
        subdomain: 'www',
        top_level_domain: 'org',
        as: { number: 64_496, organization: { name: 'Example Networks' } },
        geo: { country_iso_code: 'US' },
      },
      network: {
        type: 'ipv4',
        transport: 'tcp',
        iana_number: '6',
        community_id: expect.stringMatching(/^1:[\w+/]{27}=$/),
        direction: 'outbound',
        vlan: { id: '10' },
        inner: { vlan: { id: '20' } },
        bytes: 5200,
        packets: 9,
      },
      related: { ip: ['192.168.1.52', '8.8.8.8'], hosts: ['www.example.org'] },
      orthrus: {
        flow: {
          state: 'closed',
          history: 'ShADadFf',
          source_payload_bytes: 500,
          destination_payload_bytes: 4100,
        },
        tcp: { flags: ['fin', 'syn', 'ack'] },
        source: { device: '0123456789abcdef' },
        destination: { domain_source: 'tls' },
      },
    })
  })

  test('of a start has no end', () => {
    const head = { ...flowHead, kind: eventKind.EVENT_FLOW_START }
    expect(eventDocument(decode(head, flowPart), context)['event']).toEqual({
      kind: 'event',
      category: ['network'],
      type: ['connection', 'start'],
      module: 'orthrus',
      dataset: 'orthrus.flow',
      action: 'flow-start',
      start: '2026-09-21T14:13:20.000000Z',
    })
  })

  test('leaves out what is not known', () => {
    const zero = '00:00:00:00:00:00'
    const head = { protocol: 17, ifindex: 9, flags: eventFlags.EVENT_EGRESS, sourceMac: zero }
    const event = decode({ ...head, destinationMac: zero }, flowBody())
    const document = eventDocument(event, {
      interfaceName: () => undefined,
      direction: () => undefined,
    })
    expect(Object.keys(document).sort()).toEqual(
      [
        '@timestamp',
        'destination',
        'ecs',
        'event',
        'network',
        'orthrus',
        'related',
        'source',
      ].sort(),
    )
    expect(document['source']).toEqual({ ip: '192.0.2.10', port: 0, bytes: 0, packets: 0 })
    expect(document['orthrus']).toEqual({
      flow: { state: 'attempt', source_payload_bytes: 0, destination_payload_bytes: 0 },
    })
  })

  test('of a packet in a tunnel names its ends', () => {
    const head = {
      ...flowHead,
      flags: eventFlags.EVENT_EGRESS,
      tunnel: tunnel.TUNNEL_VXLAN,
      tunnelId: 42,
      outer: ['10.0.0.1', '10.0.0.2'] as const,
    }
    const document = eventDocument(decode(head, flowPart), context)
    expect(document).toMatchObject({
      observer: { egress: { interface: { name: 'eth0' } } },
      related: { ip: ['192.168.1.52', '8.8.8.8', '10.0.0.1', '10.0.0.2'] },
      orthrus: {
        tunnel: { kind: 'vxlan', id: 42, outer: { source: '10.0.0.1', destination: '10.0.0.2' } },
      },
    })
  })

  test('of an ARP request has its sender, its target and a foreign frame source', () => {
    const head = { kind: eventKind.EVENT_ARP, family: 0, protocol: 0, ...macs, payload: arpPacket }
    expect(eventDocument(decode(head), context)).toMatchObject({
      event: { dataset: 'orthrus.arp', action: 'arp-request', type: ['protocol'] },
      source: { mac: '00-00-5E-00-53-24', ip: '192.168.1.1' },
      destination: { ip: '192.168.1.2' },
      network: { direction: 'internal' },
      orthrus: { arp: { opcode: 1, ethernet_source: '00-00-5E-00-53-23' } },
    })
  })

  test('of a neighbour solicitation has the target as its destination', () => {
    const payload = hex(`87000000 00000000 ${bytes('fe80::2')} 0101 00005e005329`)
    const event = decode({ kind: eventKind.EVENT_NDP, ...v6, payload }, icmpBody(135))
    expect(eventDocument(event, context)).toMatchObject({
      event: { dataset: 'orthrus.ndp', action: 'ndp-neighbor-solicitation' },
      source: { mac: '00-00-5E-00-53-29', ip: 'fe80::1' },
      destination: { ip: 'fe80::2' },
      network: { type: 'ipv6', transport: 'ipv6-icmp', iana_number: '58', direction: 'internal' },
      related: { ip: ['fe80::1', 'ff02::1', 'fe80::2'] },
      orthrus: { ndp: { ethernet_source: '00-00-5E-00-53-23' } },
    })
  })

  test('of a router advertisement has prefixes and lifetime', () => {
    const options = `0304 40 c0 00278d00 00093a80 00000000 ${bytes('2001:db8:1::')}`
    const payload = hex(`86000000 40800000 00000000 00000000 ${options}`)
    const event = decode({ kind: eventKind.EVENT_NDP, ...v6, payload }, icmpBody(134))
    expect(eventDocument(event, context)['orthrus']).toEqual({
      ndp: { flags: ['managed'], prefixes: ['2001:db8:1::/64'], router_lifetime: 0 },
    })
  })

  test('of an ICMP error names the conversation that it speaks of', () => {
    const quoted = '45000040 12340000 40110000 c0a80134 08080808 d5390035 00400000'
    const payload = hex(`03030000 00000000 ${quoted}`)
    const head = { kind: eventKind.EVENT_ICMP, protocol: 1, source: '8.8.8.8', payload }
    const document = eventDocument(decode(head, icmpBody(3, 3, 0, 28)), context)
    expect(document).toMatchObject({
      event: { dataset: 'orthrus.icmp', action: 'icmp-unreachable' },
      orthrus: {
        icmp: {
          type: 3,
          code: 3,
          payload_bytes: 28,
          quoted: {
            transport: 'udp',
            community_id: '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
            source: { ip: '192.168.1.52', port: 54585 },
            destination: { ip: '8.8.8.8', port: 53 },
          },
        },
      },
    })
    expect(document['source']).not.toHaveProperty('port')
    expect(leaves(document).map(([path]) => path)).not.toContain('orthrus.icmp.id')
  })
})

describe('every document is ECS 9.4', () => {
  const pool = ['192.168.1.52', '8.8.8.8', '0.0.0.0', '255.255.255.255']
  const pool6 = ['fe80::1', 'ff02::1', '2001:db8::1', '::']
  const head = fc
    .record({
      family: fc.constantFrom(0, 4, 6),
      protocol: fc.nat(255),
      flags: fc.constantFrom(0, 1, 2, 16, 17, 127 - eventFlags.EVENT_TUNNELLED),
      vlan: fc.nat(4095),
      innerVlan: fc.nat(4095),
      ifindex: fc.constantFrom(2, 3),
      sourcePort: fc.nat(65535),
      destinationPort: fc.nat(65535),
      tunnel: fc.nat(12),
      tunnelId: fc.nat(2 ** 32 - 1),
      payload: fc.uint8Array({ maxLength: 120 }),
      ends: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
      outer: fc.boolean(),
    })
    .map(({ ends: [from, to, around], outer, ...rest }) => {
      const names = rest.family === 6 ? pool6 : pool
      const ends = { source: names[from] ?? '', destination: names[to] ?? '' }
      return outer
        ? { ...rest, ...ends, outer: [pool[around] ?? '', '10.0.0.1'] as const }
        : { ...rest, ...ends }
    })
  const u48 = fc.bigInt({ min: 0n, max: 2n ** 48n })
  const totals = fc.record({ packets: u48, bytes: u48, payload: u48 })
  const flow = fc
    .record({
      kind: fc.constantFrom(1, 2, 3),
      first: u48,
      last: u48,
      sides: fc.tuple(totals, totals),
      tcpFlags: fc.tuple(fc.nat(255), fc.nat(255)),
      history: fc.constantFrom('', 'ShAd'),
    })
    .map(({ kind, ...part }) => [kind, flowBody(part)] as const)
  const icmp = fc.nat(255).map(type => [eventKind.EVENT_ICMP, icmpBody(type, 1, 2, 3)] as const)
  const ndp = fc
    .integer({ min: 133, max: 137 })
    .map(type => [eventKind.EVENT_NDP, icmpBody(type)] as const)
  const arp = fc.constant([eventKind.EVENT_ARP, new Uint8Array(0)] as const)

  test.each([
    ['flow', flow],
    ['arp', arp],
    ['icmp', icmp],
    ['ndp', ndp],
  ] as const)('of kind %s', (_, body) => {
    fc.assert(
      fc.property(
        head,
        body as fc.Arbitrary<readonly [number, Uint8Array]>,
        (head, [kind, part]) => {
          const document = eventDocument(decode({ ...head, kind }, part), context)
          expect(faults(document)).toEqual([])
          expect(JSON.parse(JSON.stringify(document))).toEqual(document)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('and a fault would be seen', () => {
    const wrong = { source: { ip: 'host', vendor: 'x' }, event: { kind: 'news', type: 'start' } }
    expect(faults(wrong)).toEqual([
      'source.ip: host',
      'source.vendor is no ECS field',
      'event.kind: news',
      'event.type: array or not',
    ])
  })

  test('with event types that go with the category', () => {
    const allowed = ecs['event.category']?.allowed_values ?? []
    const network = allowed.find(({ name }) => name === 'network')?.expected_event_types
    expect(network).toEqual(
      expect.arrayContaining(['connection', 'start', 'info', 'end', 'protocol']),
    )
  })
})

test('joining parts leaves out what is absent and unites lists', () => {
  const one = { a: { b: 1, c: undefined, l: ['x'] }, e: {}, f: [] }
  const two = { a: { l: ['x', 'y'], d: { g: undefined } }, z: false, n: 0 }
  expect(joinFields(one, two)).toEqual({ a: { b: 1, l: ['x', 'y'] }, z: false, n: 0 })
})
