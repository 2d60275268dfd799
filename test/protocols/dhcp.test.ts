import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dhcpFields } from '../../src/protocols/dhcp-ecs.ts'
import { DhcpMatcher } from '../../src/protocols/dhcp-matcher.ts'
import { decodeDhcp4 } from '../../src/protocols/dhcp4.ts'
import { decodeDhcp6 } from '../../src/protocols/dhcp6.ts'
import { ecsFaults } from '../alerts/schema.ts'
import * as build from '../generate/application.ts'
import { effort, patience } from './effort.ts'
import { everything } from './everything.ts'

const MAC = '00:00:5e:00:53:23'
const ascii = (text: string) => [...Buffer.from(text, 'latin1')]

/** A DHCPv4 message with these options, and text or octets in its two name fields. */
function message4(
  options: readonly (readonly [number, readonly number[]])[],
  { op = 1, sname = [] as number[], file = [] as number[], end = true } = {},
): Uint8Array {
  const bytes = new Uint8Array(240)
  bytes.set([op, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 3, 0x80, 0])
  bytes.set([0, 0, 0x5e, 0, 0x53, 0x23], 28)
  bytes.set(sname, 44)
  bytes.set(file, 108)
  bytes.set([99, 130, 83, 99], 236)
  const list = options.flatMap(([code, data]) => [code, data.length, ...data])
  return Uint8Array.from([...bytes, ...list, ...(end ? [255] : [])])
}

describe('DHCPv4', () => {
  test('gives what a client says', () => {
    const bytes = build.dhcp({
      type: build.DHCP_REQUEST,
      clientMac: MAC,
      xid: 0xdeadbeef,
      requested: '192.0.2.9',
      hostname: 'laptop\0',
      vendor: 'MSFT 5.0',
      clientId: Uint8Array.of(1, 0, 0, 0x5e, 0, 0x53, 0x23),
      parameters: [1, 3, 6, 15, 119],
    })
    const decoded = decodeDhcp4(bytes)
    const fields = decoded && dhcpFields(decoded)
    expect(fields).toEqual({
      event: { action: 'dhcp-request' },
      client: { mac: '00-00-5E-00-53-23' },
      orthrus: {
        dhcp: {
          transaction_id: 'deadbeef',
          vendor_class: 'MSFT 5.0',
          client_id: '00-00-5E-00-53-23',
          parameter_list: '1,3,6,15,119',
          requested_ip: '192.0.2.9',
          hostname: 'laptop',
        },
      },
    })
    expect(ecsFaults(fields ?? {})).toEqual([])
    expect(decoded).toMatchObject({
      fromServer: false,
      cut: false,
      optionList: '53,61,50,12,60,55',
    })
  })

  test('gives what a server says', () => {
    const bytes = build.dhcp({
      type: build.DHCP_ACK,
      clientMac: MAC,
      yourIp: '192.0.2.9',
      serverIp: '192.0.2.1',
      lease: 86_400,
      router: '192.0.2.1',
      dns: ['192.0.2.2', '192.0.2.3'],
    })
    expect(decodeDhcp4(bytes)).toMatchObject({
      action: 'dhcp-ack',
      fromServer: true,
      assignedIp: '192.0.2.9',
      serverIp: '192.0.2.1',
      leaseTime: 86_400,
      subnetMask: '255.255.255.0',
      routers: ['192.0.2.1'],
      dnsServers: ['192.0.2.2', '192.0.2.3'],
    })
  })

  test.each([
    ['discover', 1],
    ['offer', 2],
    ['request', 3],
    ['decline', 4],
    ['ack', 5],
    ['nak', 6],
    ['release', 7],
    ['inform', 8],
    ['leasequery', 10],
    ['tls', 18],
    ['200', 200],
  ])('names the message dhcp-%s', (name, type) => {
    expect(decodeDhcp4(message4([[53, [type]]]))?.action).toBe(`dhcp-${name}`)
  })

  test('without option 53 or without options is BOOTP', () => {
    expect(decodeDhcp4(message4([]))?.action).toBe('bootp-request')
    expect(decodeDhcp4(message4([], { op: 2 }).subarray(0, 236))?.action).toBe('bootp-reply')
  })

  test('finds options in the file and sname fields (RFC 2131 4.1)', () => {
    const decoded = decodeDhcp4(
      message4(
        [
          [52, [3]],
          [53, [1]],
        ],
        {
          file: [12, 3, ...ascii('abc'), 255],
          sname: [60, 2, ...ascii('vc'), 255],
        },
      ),
    )
    expect(decoded).toMatchObject({ hostname: 'abc', vendorClass: 'vc', cut: false })
    expect(decoded?.bootFile).toBeUndefined()
    expect(decoded?.serverName).toBeUndefined()
  })

  test('reads the file and sname fields as names otherwise', () => {
    const decoded = decodeDhcp4(message4([], { file: ascii('pxe.0'), sname: ascii('boot') }))
    expect(decoded).toMatchObject({ bootFile: 'pxe.0', serverName: 'boot' })
  })

  test('joins an option that comes in parts (RFC 3396)', () => {
    const decoded = decodeDhcp4(
      message4([
        [12, ascii('lap')],
        [53, [1]],
        [12, ascii('top')],
      ]),
    )
    expect(decoded).toMatchObject({ hostname: 'laptop', optionList: '12,53' })
  })

  test.each([
    ['a domain name in DNS form', 81, [4, 0, 0, 1, 97, 4, ...ascii('test'), 0], { fqdn: 'a.test' }],
    ['one without root', 81, [4, 0, 0, 1, 97], { fqdn: 'a' }],
    ['one as text', 81, [0, 0, 0, ...ascii('a.test')], { fqdn: 'a.test' }],
    ['user classes with lengths', 77, [2, ...ascii('ab'), 1, 99], { userClass: 'ab c' }],
    ['a bare user class', 77, ascii('iPXE'), { userClass: 'iPXE' }],
    ['a textual client id', 61, [0, ...ascii('me')], { clientId: 'me' }],
    ['a DUID as client id', 61, [255, 1, 2, 3, 4, 0, 1], { clientId: 'ff010203040001' }],
    ['a relay', 82, [1, 2, 0, 7, 2, 3, ...ascii('sw1')], { circuitId: '0007', remoteId: 'sw1' }],
    ['a captive portal', 114, ascii('https://p/'), { captivePortal: 'https://p/' }],
    ['a control character', 12, [97, 10, 98], { hostname: 'a\\010b' }],
  ])('understands %s', (_, code, data, expected) => {
    expect(decodeDhcp4(message4([[code, data]]))).toMatchObject(expected)
  })

  test('leaves out options of a wrong length', () => {
    const decoded = decodeDhcp4(
      message4([
        [51, [1]],
        [50, [1, 2, 3]],
        [3, [1, 2, 3, 4, 5]],
        [12, []],
      ]),
    )
    expect(decoded?.optionList).toBe('51,50,3,12')
    for (const name of ['leaseTime', 'requestedIp', 'routers', 'hostname']) {
      expect(decoded).not.toHaveProperty(name)
    }
  })

  test('cut anywhere gives what is there, flagged', () => {
    const bytes = message4(
      [
        [53, [1]],
        [12, ascii('laptop')],
      ],
      { end: false },
    )
    for (let size = 0; size < bytes.length; size++) {
      const decoded = decodeDhcp4(bytes, 0, size)
      if (size < 44) expect(decoded).toBeUndefined()
      else expect(decoded).toMatchObject({ clientMac: '00-00-5E-00-53-23' })
    }
    expect(decodeDhcp4(bytes, 0, bytes.length - 2)).toMatchObject({ hostname: 'lapt', cut: true })
    expect(decodeDhcp4(bytes, 0, 100)).toMatchObject({ cut: true })
    expect(decodeDhcp4(bytes)?.cut).toBe(false)
  })
})

const u16 = (value: number) => [value >> 8, value & 255]
const option = (code: number, data: readonly number[]) => [
  ...u16(code),
  ...u16(data.length),
  ...data,
]
const DUID = [0, 1, 0, 1, 1, 2, 3, 4, 0, 0, 0x5e, 0, 0x53, 0x23]
const ip6 = (last: number) => [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), last]
const relay = (inside: readonly number[], ...more: readonly number[]) => [
  ...[12, 0],
  ...ip6(1),
  ...ip6(2),
  ...more,
  ...option(9, inside),
]

describe('DHCPv6', () => {
  test('gives what client and server say', () => {
    const address = option(5, [...ip6(9), 0, 0, 0, 100, 0, 0, 0, 200])
    const prefix = option(26, [0, 0, 0, 1, 0, 0, 1, 44, 56, ...ip6(0)])
    const reply = Uint8Array.from([
      ...[7, 0xab, 0xcd, 0xef],
      ...option(1, DUID),
      ...option(2, [0, 3, 0, 1, 2, 0, 0, 0, 0, 1]),
      ...option(3, [...new Array<number>(12).fill(0), ...address]),
      ...option(25, [...new Array<number>(12).fill(0), ...prefix]),
      ...option(13, [0, 2, ...ascii('no')]),
      ...option(23, ip6(53)),
      ...option(39, [1, 1, 97, 4, ...ascii('test'), 0]),
      ...option(16, [0, 0, 1, 55, 0, 4, ...ascii('MSFT')]),
      ...option(6, [0, 23, 0, 24]),
    ])
    const decoded = decodeDhcp6(reply)
    expect(decoded).toEqual({
      version: 6,
      action: 'dhcp-reply',
      fromServer: true,
      transactionId: 'abcdef',
      relays: [],
      clientMac: '00-00-5E-00-53-23',
      clientId: '000100010102030400005e005323',
      serverId: '00030001020000000001',
      addresses: ['2001:db8::9'],
      prefixes: ['2001:db8::/56'],
      leaseTime: 300,
      status: 2,
      statusMessage: 'no',
      dnsServers: ['2001:db8::35'],
      fqdn: 'a.test',
      enterprise: 311,
      vendorClass: 'MSFT',
      parameterList: '23,24',
      optionList: '1,2,3,25,13,23,39,16,6',
      cut: false,
    })
    const fields = decoded && dhcpFields(decoded)
    expect(fields?.client).toEqual({ mac: '00-00-5E-00-53-23', ip: '2001:db8::9' })
    expect(ecsFaults(fields ?? {})).toEqual([])
  })

  test('reads what the shared builder makes', () => {
    const bytes = build.dhcp6({ type: build.DHCP6_SOLICIT, clientMac: MAC, fqdn: 'host' })
    expect(decodeDhcp6(bytes)).toMatchObject({
      action: 'dhcp-solicit',
      clientMac: '00-00-5E-00-53-23',
      fqdn: 'host',
    })
  })

  test('is taken out of its relays, whose own words stay', () => {
    const inner = [1, 1, 2, 3, ...option(1, DUID)]
    const linkLayer = option(79, [0, 1, 2, 0, 0, 0, 0, 7])
    const bytes = Uint8Array.from(relay(relay(inner, ...linkLayer), ...option(18, ascii('port 7'))))
    expect(decodeDhcp6(bytes)).toMatchObject({
      action: 'dhcp-solicit',
      transactionId: '010203',
      relays: [
        { link: '2001:db8::1', peer: '2001:db8::2' },
        { link: '2001:db8::1', peer: '2001:db8::2' },
      ],
      circuitId: 'port 7',
      clientMac: '02-00-00-00-00-07',
    })
  })

  test('nested deeper than a relay may is nothing', () => {
    let bytes: readonly number[] = [1, 1, 2, 3]
    for (let i = 0; i < 8; i++) bytes = relay(bytes)
    expect(decodeDhcp6(Uint8Array.from(bytes))?.relays).toHaveLength(8)
    expect(decodeDhcp6(Uint8Array.from(relay(bytes)))).toBeUndefined()
  })
})

test(
  'fuzz: DHCP takes any bytes as a message or as nothing, never as an exception',
  () => {
    const head = fc.constantFrom(
      [],
      [...message4([])],
      [...message4([[52, [3]]], { end: false })],
      [1, 0, 0, 0],
      [12, 0, ...ip6(1), ...ip6(2), 0, 9, 0, 50],
      [7, 0, 0, 0, 0, 3, 0, 40],
    )
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 300 }), (front, rest) => {
        const bytes = Uint8Array.from([...front, ...rest])
        for (const decoded of [decodeDhcp4(bytes), decodeDhcp6(bytes)]) {
          expect(everything(decoded)).toBeLessThan(40_000)
          if (decoded !== undefined) dhcpFields(decoded)
        }
      }),
      effort(3000),
    )
  },
  patience,
)

describe('the DHCP matcher', () => {
  const ask = (xid: number, type = build.DHCP_DISCOVER) =>
    decodeDhcp4(build.dhcp({ type, clientMac: MAC, xid }))
  const reply = (xid: number, server: string, type = build.DHCP_OFFER) =>
    decodeDhcp4(build.dhcp({ type, clientMac: MAC, xid, yourIp: '192.0.2.9', serverIp: server }))

  test('knows every server that answered, the one that was chosen, and the time it took', () => {
    const matcher = new DhcpMatcher()
    const take = (message: ReturnType<typeof ask>, sender: string, time: number) =>
      message && matcher.take(message, sender, time)
    take(ask(7), '0.0.0.0', 1000)
    take(reply(7, '192.0.2.1'), '192.0.2.1', 1500)
    expect(take(reply(7, '192.0.2.66'), '192.0.2.66', 1600)).toMatchObject({
      servers: ['192.0.2.1', '192.0.2.66'],
      rtt: 600_000,
    })
    take(ask(7, build.DHCP_REQUEST), '0.0.0.0', 2000)
    expect(take(reply(7, '192.0.2.66', build.DHCP_ACK), '192.0.2.66', 2250)).toEqual({
      transactionId: '00000007',
      client: '00-00-5E-00-53-23',
      started: 1000,
      servers: ['192.0.2.1', '192.0.2.66'],
      chosen: '192.0.2.66',
      rtt: 250_000,
    })
    expect(matcher.counters).toMatchObject({ answered: 3, unsolicited: 0 })
  })

  test('counts what had no answer, no question or no room', () => {
    const matcher = new DhcpMatcher({ capacity: 2, timeout: 1000 })
    for (const xid of [1, 2, 3]) matcher.take(ask(xid) as never, '0.0.0.0', xid)
    expect(matcher.size).toBe(2)
    expect(matcher.take(reply(1, '192.0.2.1') as never, '192.0.2.1', 10)).toBeUndefined()
    matcher.expire(5000)
    expect(matcher.size).toBe(0)
    expect(matcher.counters).toEqual({ answered: 0, unsolicited: 1, unanswered: 2, evicted: 1 })
  })
})
