import { beforeEach, describe, expect, test } from 'vitest'
import { type DeviceEvent } from '../../src/enrich/device-event.ts'
import { Devices } from '../../src/enrich/devices.ts'
import { observe } from '../../src/enrich/evidence.ts'
import { OnLink } from '../../src/enrich/on-link.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary } from '../storage/open.ts'
import { arp, event, type Fields, writeAddress } from './record.ts'

const router = '00-00-5E-00-53-01'
const host = '00-00-5E-00-53-23'
const linkInterface = {
  index: 7,
  name: 'eth0',
  mac: '00-00-5E-00-53-FE',
  addresses: ['192.0.2.7/24', '2001:db8:1::7/64', 'fe80::7/64'],
}

let events: DeviceEvent[]
let devices: Devices
let onLink: OnLink

beforeEach(async () => {
  events = []
  onLink = new OnLink()
  onLink.setInterfaces([linkInterface])
  const environment = await openTemporary()
  devices = new Devices({
    environment,
    journal: journalFor(environment),
    limit: 100,
    learning: 0,
    vendor: () => undefined,
    onEvent: one => events.push(one),
  })
  devices.setInterfaces([linkInterface])
})

const seen = (...records: Fields[]) => {
  for (const record of records) observe(event(record), devices, onLink)
  return events.map(one => [one.action, one.sourceMac, one.sourceIp, one.evidence])
}

const neighbour = (
  type: number,
  target: string,
  option?: readonly [number, string],
): Uint8Array => {
  const view = new DataView(new ArrayBuffer(option === undefined ? 24 : 32))
  view.setUint8(0, type)
  writeAddress(view, 8, target)
  if (option !== undefined) {
    view.setUint16(24, option[0] * 256 + 1)
    const bytes = Buffer.from(option[1].replaceAll('-', ''), 'hex')
    new Uint8Array(view.buffer).set(bytes, 26)
  }
  return new Uint8Array(view.buffer)
}

describe('ARP', () => {
  const record = (payload: Uint8Array, mac = host): Fields => ({ kind: 'EVENT_ARP', mac, payload })

  test.each([
    ['a request', arp(1, host, '192.0.2.23', '192.0.2.1')],
    ['a reply', arp(2, host, '192.0.2.23', '192.0.2.1')],
    ['an announcement', arp(1, host, '192.0.2.23', '192.0.2.23')],
  ])('%s names its sender', (_, payload) => {
    expect(seen(record(payload))).toEqual([['device-new', host, '192.0.2.23', 'arp']])
  })

  test('a probe names nobody, as the sender has no address yet', () => {
    expect(seen(record(arp(1, host, '0.0.0.0', '192.0.2.23')))).toEqual([])
  })

  test('the sender counts, not who wrote the frame; that they differ is told once', () => {
    const mismatch = record(arp(2, host, '192.0.2.23', '192.0.2.1'), router)
    expect(seen(mismatch, mismatch)).toEqual([
      ['device-new', host, '192.0.2.23', 'arp'],
      ['device-ethernet-mismatch', host, '192.0.2.23', 'arp'],
    ])
    expect(events[1]).toMatchObject({ ethernetSource: router })
  })

  test('the frame of a router that speaks for all of them is no mismatch', () => {
    const virtual = '00-00-5E-00-01-07'
    expect(seen(record(arp(2, virtual, '192.0.2.1', '192.0.2.23'), router))).toEqual([])
    expect(seen(record(arp(2, host, '192.0.2.23', '192.0.2.1'), virtual))).toHaveLength(1)
  })

  test('an address that is none of the link is a bogon, once a day', () => {
    const bogon = record(arp(1, host, '203.0.113.5', '203.0.113.1'))
    expect(seen(bogon, bogon, { ...bogon, time: 90_000 })).toEqual([
      ['device-new', host, '203.0.113.5', 'arp'],
      ['device-bogon', host, '203.0.113.5', 'arp'],
      ['device-bogon', host, '203.0.113.5', 'arp'],
    ])
  })

  test('without a prefix of the link nothing is a bogon', () => {
    const vlan = { ...record(arp(1, host, '203.0.113.5', '203.0.113.1')), vlan: 20 }
    expect(seen(vlan)).toHaveLength(1)
    onLink.learn(7, 20, '192.0.2.0/24', Number.MAX_SAFE_INTEGER)
    expect(seen({ ...vlan, time: 1 })).toHaveLength(2)
  })

  test('a cut packet proves nothing', () => {
    expect(seen(record(arp(2, host, '192.0.2.23', '192.0.2.1').subarray(0, 20)))).toEqual([])
  })

  test.each([
    ['VRRP', '00-00-5E-00-01-07'],
    ['VRRP for IPv6', '00-00-5E-00-02-07'],
    ['HSRP', '00-00-0C-07-AC-01'],
    ['HSRP version 2', '00-00-0C-9F-F0-01'],
    ['GLBP', '00-07-B4-00-01-02'],
    ['broadcast', 'FF-FF-FF-FF-FF-FF'],
    ['multicast', '01-00-5E-00-00-FB'],
    ['all-zero', '00-00-00-00-00-00'],
  ])('a %s address is no device', (_, mac) => {
    expect(seen(record(arp(2, mac, '192.0.2.23', '192.0.2.1'), mac))).toEqual([])
  })
})

describe('neighbour discovery', () => {
  const record = (icmpType: number, from: string, payload: Uint8Array): Fields => ({
    kind: 'EVENT_NDP',
    protocol: 58,
    from,
    to: 'ff02::1',
    icmpType,
    payload,
    mac: host,
  })

  test('a solicitation names its source and the address that the message states', () => {
    const payload = neighbour(135, '2001:db8:1::1', [1, host])
    expect(seen({ ...record(135, '2001:db8:1::23', payload), mac: router })).toEqual([
      ['device-new', host, '2001:db8:1::23', 'ndp'],
    ])
  })

  test('an advertisement names its target', () => {
    const payload = neighbour(136, '2001:db8:1::23', [2, host])
    expect(seen(record(136, 'fe80::23', payload))).toEqual([
      ['device-new', host, '2001:db8:1::23', 'ndp'],
    ])
  })

  test('a solicitation from :: asks whether an address is free and names nobody', () => {
    expect(seen(record(135, '::', neighbour(135, '2001:db8:1::23')))).toEqual([])
  })

  test('what came through a router is forged', () => {
    const payload = neighbour(136, '2001:db8:1::23', [2, host])
    expect(seen({ ...record(136, '2001:db8:9::1', payload), ttl: 254 })).toEqual([])
  })

  test('a router tells which prefix is on the link, for as long as it says', () => {
    const payload = new Uint8Array(48)
    const view = new DataView(payload.buffer)
    view.setUint8(0, 134)
    view.setUint16(16, 0x0304)
    view.setUint8(18, 64)
    view.setUint8(19, 0x80)
    view.setUint32(20, 100)
    writeAddress(view, 32, '2001:db8:2::')
    const from = '2001:db8:2::23'
    const packet: Fields = { kind: 'EVENT_FLOW_START', from, to: '2001:db8:9::1', mac: host }
    expect(seen(packet)).toEqual([])
    const advertised = seen({ ...record(134, 'fe80::1', payload), mac: router })
    expect(advertised).toEqual([['device-new', router, 'fe80::1', 'ndp']])
    expect(seen({ ...packet, time: 50 })).toHaveLength(2)
    expect(events[1]).toMatchObject({ sourceMac: host, sourceIp: from, evidence: 'ip' })
    const later = { ...packet, mac: '00-00-5E-00-53-24', from: '2001:db8:2::24', time: 101 }
    expect(seen(later)).toHaveLength(2)
  })
})

describe('IP packets', () => {
  const start: Fields = {
    kind: 'EVENT_FLOW_START',
    from: '192.0.2.23',
    to: '198.51.100.9',
    mac: host,
  }

  test('an address of the link belongs to the card that wrote the frame', () => {
    expect(seen(start)).toEqual([['device-new', host, '192.0.2.23', 'ip']])
  })

  test('an address from behind the router is not the router, in either direction', () => {
    expect(seen({ ...start, from: '198.51.100.9', to: '192.0.2.23', mac: router })).toEqual([])
    const inbound: Fields = { ...start, kind: 'EVENT_FLOW_END', toMac: router, packets: [3, 3] }
    expect(seen(inbound)).toEqual([['device-new', host, '192.0.2.23', 'ip']])
  })

  test('the answering side is there, the silent one perhaps not', () => {
    const inside: Fields = { ...start, to: '192.0.2.99', toMac: '00-00-5E-00-53-99' }
    expect(seen(inside)).toHaveLength(1)
    expect(seen({ ...inside, kind: 'EVENT_FLOW_END', packets: [2, 1] })).toContainEqual([
      'device-new',
      '00-00-5E-00-53-99',
      '192.0.2.99',
      'ip',
    ])
  })

  test('a reply was sent by the responder, who wrote the frame', () => {
    const flags = ['EVENT_ON_LINK', 'EVENT_REPLY'] as const
    expect(seen({ ...start, kind: 'EVENT_MESSAGE', flags: [...flags] })).toEqual([
      ['device-new', host, '192.0.2.23', 'ip'],
    ])
  })

  test.each<[string, Partial<Fields>]>([
    ['without an Ethernet header', { flags: [] }],
    [
      'inside a tunnel',
      { flags: ['EVENT_ON_LINK', 'EVENT_TUNNELLED'], outer: ['192.0.2.1', '192.0.2.2'] },
    ],
    ['of a VLAN, whose prefixes are not those of the interface', { vlan: 20 }],
    ['from the unspecified address', { from: '0.0.0.0' }],
  ])('a packet %s proves nothing', (_, fields) => {
    expect(seen({ ...start, ...fields })).toEqual([])
  })

  test('a link-local address is always of the link', () => {
    expect(seen({ ...start, from: 'fe80::23', to: 'fe80::1', vlan: 20 })).toEqual([
      ['device-new', host, 'fe80::23', 'ip'],
    ])
  })

  test('a second address of a known device is that, once', () => {
    const other = { ...start, from: '192.0.2.24' }
    expect(seen(start, other, start, other)).toEqual([
      ['device-new', host, '192.0.2.23', 'ip'],
      ['device-new-address', host, '192.0.2.24', 'ip'],
    ])
  })

  test('the sensor knows itself', () => {
    seen({ ...start, mac: linkInterface.mac, from: '192.0.2.7' })
    expect(events).toMatchObject([{ self: true, interface: 'eth0' }])
  })
})
