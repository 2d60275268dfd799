import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identifyProtocol, knownProtocols } from '../../src/protocols/app-ids.ts'
import { effort, patience } from './effort.ts'

const ascii = (text: string) => [...Buffer.from(text, 'latin1')]
const u16 = (value: number) => [value >> 8, value & 255]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)]
const le16 = (value: number) => u16(value).reverse()
const le32 = (value: number) => u32(value).reverse()
const fill = (size: number, value = 0x5a) => new Array<number>(size).fill(value)
const ber = (tag: number, ...inside: readonly number[]) => [tag, inside.length, ...inside]

type Side = 'client' | 'server'
type Sample = readonly [protocol: string, 'tcp' | 'udp', Side, number, string | readonly number[]]

const sunrpc = (program: number) => [
  ...u32(7),
  ...u32(0),
  ...u32(2),
  ...u32(program),
  ...fill(24, 0),
]
const krb = ber(0x30, ...ber(0xa1, 2, 1, 5), ...ber(0xa2, 2, 1, 10))
const ike = [...fill(8), ...fill(8, 0), 33, 0x20, 34, 8, ...u32(0), ...u32(40), ...fill(12)]
const dtlsHello = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, ...u16(20), ...fill(20)]

/** Protocol, transport, who speaks, the server's port (0: any), first bytes. */
const samples: readonly Sample[] = [
  ['adb', 'tcp', 'client', 0, 'CNXN\0\0\0\x01\0\x10\0\0'],
  ['afp', 'tcp', 'client', 548, [0, 4, 0, 1, ...u32(0), ...u32(2), ...u32(0), 1, 2]],
  ['amqp', 'tcp', 'client', 0, 'AMQP\0\0\x09\x01'],
  ['bacnet', 'udp', 'client', 0, [0x81, 0x0b, 0, 12, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8]],
  ['bgp', 'tcp', 'client', 0, [...fill(16, 255), 0, 29, 1, 4, ...fill(9)]],
  ['bittorrent', 'tcp', 'client', 0, '\x13BitTorrent protocol\0\0\0\0'],
  ['bittorrent', 'udp', 'client', 0, 'd1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe'],
  ['bittorrent', 'udp', 'client', 0, [...u32(0x417), ...u32(0x27101980), ...u32(0), ...u32(9)]],
  ['cassandra', 'tcp', 'client', 0, [4, 0, 0, 0, 5, 0, 0, 0, 0]],
  ['coap', 'udp', 'client', 5683, [0x40, 1, 0x12, 0x34, 0xb1, 97]],
  ['cotp', 'tcp', 'client', 102, [3, 0, 0, 14, 9, 0xe0, 0, 0, 0, 1, 0, 0xc1, 1, 1]],
  ['dcerpc', 'tcp', 'client', 0, [5, 0, 11, 3, 0x10, 0, 0, 0, 72, 0, 0, 0, ...fill(60)]],
  ['diameter', 'tcp', 'client', 0, [1, 0, 0, 20, 0x80, 0, 1, 1, ...fill(12)]],
  ['dnp3', 'tcp', 'client', 0, [5, 0x64, 5, 0xc0, 1, 0, 0, 4, 0xe9, 0x21]],
  ['dropbox', 'udp', 'client', 17_500, '{"host_int": 1, "version": [2, 0]}'],
  ['dtls', 'udp', 'client', 0, dtlsHello],
  ['elasticsearch', 'tcp', 'client', 9300, 'ES\0\0\0\x1a\0\0'],
  ['enip', 'tcp', 'client', 0, [0x65, 0, 4, 0, ...fill(20, 0), 1, 0, 0, 0]],
  ['ftp', 'tcp', 'server', 0, '220 (vsFTPd 3.0.5)\r\n'],
  ['ftp', 'tcp', 'client', 21, 'USER me\r\n'],
  ['git', 'tcp', 'client', 0, '0033git-upload-pack /project.git\0host=h\0'],
  ['hsrp', 'udp', 'client', 1985, [0, 0, 16, 3, ...fill(16)]],
  ['http', 'tcp', 'client', 0, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['http', 'tcp', 'server', 0, 'HTTP/1.1 200 OK\r\n\r\n'],
  ['http2', 'tcp', 'client', 0, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['iec104', 'tcp', 'client', 0, [0x68, 4, 7, 0, 0, 0]],
  ['ike', 'udp', 'client', 0, ike],
  ['ike', 'udp', 'client', 4500, [0, 0, 0, 0, ...ike]],
  ['imap', 'tcp', 'server', 0, '* OK [CAPABILITY IMAP4rev1] ready\r\n'],
  ['imap', 'tcp', 'client', 0, 'a001 CAPABILITY\r\n'],
  ['ipfix', 'udp', 'client', 0, [0, 10, 0, 20, ...fill(16)]],
  ['slp', 'udp', 'client', 427, [1, 6, 0, 20, ...fill(4, 0), ...u16(30), ...u16(7), ...fill(8)]],
  ['slp', 'udp', 'server', 427, [2, 2, 0, 0, 20, 0, 0, ...fill(13, 0)]],
  ['irc', 'tcp', 'client', 0, 'NICK me\r\nUSER me 0 * :Me\r\n'],
  ['irc', 'tcp', 'server', 0, ':irc.test NOTICE * :*** Looking up your hostname\r\n'],
  [
    'kafka',
    'tcp',
    'client',
    0,
    [...u32(16), ...u16(18), 0, 3, ...u32(1), 0, 6, ...ascii('client')],
  ],
  ['kerberos', 'udp', 'client', 0, ber(0x6a, ...krb)],
  ['kerberos', 'tcp', 'client', 0, [...u32(krb.length + 2), ...ber(0x6a, ...krb)]],
  ['l2tp', 'udp', 'client', 0, [0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['ldap', 'tcp', 'client', 0, ber(0x30, 2, 1, 1, ...ber(0x60, 2, 1, 3, 4, 0, 0x80, 0))],
  ['ldap', 'udp', 'client', 0, [0x30, 0x84, ...u32(11), 2, 1, 7, ...ber(0x63, 1, 2, 3, 4, 5, 6)]],
  ['memcached', 'tcp', 'client', 11_211, 'stats\r\n'],
  [
    'memcached',
    'tcp',
    'client',
    0,
    [0x80, 0, 0, 3, 0, 0, 0, 0, ...u32(3), ...fill(12), 97, 98, 99],
  ],
  ['modbus', 'tcp', 'client', 502, [0, 1, 0, 0, 0, 2, 1, 17]],
  ['modbus', 'tcp', 'client', 0, [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10]],
  [
    'ike',
    'udp',
    'client',
    0,
    [...fill(8), ...fill(8, 0), 33, 0x20, 34, 8, ...u32(0), ...u32(328), ...fill(300)],
  ],
  [
    'mongodb',
    'tcp',
    'client',
    0,
    [...le32(300), ...le32(1), ...le32(0), ...le32(2013), ...fill(284)],
  ],
  [
    'radius',
    'udp',
    'client',
    0,
    [1, 9, 0, 120, ...fill(16), ...Array.from({ length: 10 }, () => [1, 10, ...fill(8)]).flat()],
  ],
  ['mongodb', 'tcp', 'client', 0, [...le32(20), ...le32(1), ...le32(0), ...le32(2013), ...fill(4)]],
  ['mqtt', 'tcp', 'client', 0, '\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02id'],
  ['mssql', 'tcp', 'client', 0, [0x12, 1, 0, 26, 0, 0, 0, 0, 0, 0, 0x15, 0, 6, ...fill(13)]],
  ['mysql', 'tcp', 'server', 0, [45, 0, 0, 0, 10, ...ascii('8.0.36\0'), ...fill(38)]],
  ['nats', 'tcp', 'server', 0, 'INFO {"server_id":"x"}\r\n'],
  ['netbios-dgm', 'udp', 'client', 138, [0x11, 2, ...u16(1), ...fill(4), 0, 138, 0, 20, 0, 0]],
  [
    'netbios-ssn',
    'tcp',
    'client',
    0,
    [0x81, 0, 0, 68, 32, ...fill(32, 67), 0, 32, ...fill(33, 65)],
  ],
  ['netflow', 'udp', 'client', 0, [0, 5, 0, 1, ...fill(68)]],
  ['nfs', 'tcp', 'client', 0, [0x80, 0, 0, 40, ...sunrpc(100_003)]],
  ['ntp', 'udp', 'client', 0, [0x23, 0, 0, 0, ...fill(36, 0), ...fill(8)]],
  ['ntp', 'udp', 'server', 123, [0x24, 1, 3, 0xe8, ...fill(44)]],
  ['opcua', 'tcp', 'client', 0, ['HELF'].flatMap(ascii).concat(le32(60), fill(52))],
  ['openvpn', 'udp', 'client', 0, [0x38, ...fill(8), 0, 0, 0, 0, 0]],
  [
    'oracle',
    'tcp',
    'client',
    0,
    [0, 40, 0, 0, 1, 0, 0, 0, ...ascii('(DESCRIPTION=(CONNECT_DATA=()))'), 0],
  ],
  ['pop3', 'tcp', 'server', 0, '+OK POP3 server ready\r\n'],
  ['postgresql', 'tcp', 'client', 0, [...u32(8), ...u32(80_877_103)]],
  ['postgresql', 'tcp', 'client', 0, [...u32(23), 0, 3, 0, 0, ...ascii('user\0me\0db\0x\0\0')]],
  ['pptp', 'tcp', 'client', 0, [0, 156, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, ...fill(148)]],
  ['ptp', 'udp', 'client', 319, [0, 2, 0, 44, ...fill(40)]],
  ['quic', 'udp', 'client', 0, [0xc3, 0, 0, 0, 1, 8, ...fill(1194)]],
  ['radius', 'udp', 'client', 0, [1, 9, 0, 26, ...fill(16), 1, 6, ...ascii('user')]],
  ['rdp', 'tcp', 'client', 0, [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0]],
  ['redis', 'tcp', 'client', 0, '*1\r\n$4\r\nPING\r\n'],
  ['rip', 'udp', 'client', 520, [1, 2, 0, 0, ...fill(20)]],
  ['rsync', 'tcp', 'server', 0, '@RSYNCD: 31.0\n'],
  ['rtcp', 'udp', 'client', 0, [0x80, 201, 0, 1, ...fill(4)]],
  ['rtmp', 'tcp', 'client', 1935, [3, ...u32(1), 0, 0, 0, 0, ...fill(400)]],
  ['rtsp', 'tcp', 'client', 0, 'DESCRIBE rtsp://h/stream RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
  ['s7comm', 'tcp', 'client', 0, [3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, ...fill(14)]],
  ['sflow', 'udp', 'client', 6343, [...u32(5), ...u32(1), ...fill(30)]],
  ['sip', 'udp', 'client', 0, 'INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c\r\n\r\n'],
  ['sip', 'udp', 'server', 0, 'SIP/2.0 200 OK\r\n\r\n'],
  ['smb', 'tcp', 'client', 0, [0, 0, 0, 64, 0xfe, ...ascii('SMB'), ...fill(60)]],
  ['smb', 'tcp', 'client', 0, [0, 0, 0, 64, 0xff, ...ascii('SMB'), ...fill(60)]],
  ['smtp', 'tcp', 'server', 0, '220 mx.test ESMTP Postfix\r\n'],
  ['smtp', 'tcp', 'client', 0, 'EHLO me.test\r\n'],
  [
    'snmp',
    'udp',
    'client',
    0,
    ber(0x30, 2, 1, 1, ...ber(4, ...ascii('public')), ...ber(0xa0, 1, 2)),
  ],
  ['snmp', 'udp', 'client', 0, ber(0x30, 2, 1, 3, ...ber(0x30, 2, 1, 7))],
  ['socks', 'tcp', 'client', 0, [5, 1, 0]],
  ['socks', 'tcp', 'client', 0, [4, 1, 1, 0xbb, 192, 0, 2, 1, 0]],
  ['ssdp', 'udp', 'client', 0, 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n'],
  ['ssh', 'tcp', 'client', 0, 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['stratum', 'tcp', 'client', 0, '{"id":1,"method":"mining.subscribe","params":[]}\n'],
  ['stun', 'udp', 'client', 0, [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...fill(12)]],
  ['sunrpc', 'udp', 'client', 0, sunrpc(100_000)],
  ['syslog', 'udp', 'client', 0, '<34>Oct 11 22:14:15 host su: failed'],
  ['syslog', 'tcp', 'client', 0, '33 <165>1 2026-08-24T05:14:15Z host a'],
  ['teamviewer', 'tcp', 'client', 5938, [0x17, 0x24, 0x0a, 0x20, 0]],
  ['telnet', 'tcp', 'server', 0, [0xff, 0xfd, 24, 0xff, 0xfd, 32]],
  ['tftp', 'udp', 'client', 0, '\0\x01boot.img\0octet\0'],
  ['tls', 'tcp', 'client', 0, [22, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3]],
  ['vnc', 'tcp', 'server', 0, 'RFB 003.008\n'],
  ['wireguard', 'udp', 'client', 0, [1, 0, 0, 0, ...fill(144)]],
  [
    'ws-discovery',
    'udp',
    'client',
    3702,
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">',
  ],
  ['x11', 'tcp', 'client', 0, 'l\0\x0b\0\0\0\0\0\0\0\0\0'],
  ['xmpp', 'tcp', 'client', 0, "<?xml version='1.0'?><stream:stream to='h' xmlns='jabber:client'>"],
  ['zabbix', 'tcp', 'client', 0, 'ZBXD\x01\x0d\0\0\0'],
]

/** What a sample's first `held` bytes are taken for. */
function identify(
  [, transport, side, port, first]: Sample,
  held = Number.POSITIVE_INFINITY,
): string | undefined {
  const bytes = typeof first === 'string' ? Buffer.from(first, 'latin1') : Uint8Array.from(first)
  // In the middle of other bytes, which must not matter
  const around = new Uint8Array(bytes.length + 20).fill(0x20)
  around.set(bytes, 10)
  const end = 10 + Math.min(bytes.length, held)
  const size = bytes.length
  const fromServer = side === 'server'
  const serverPort = port === 0 ? 40_000 : port
  return identifyProtocol({
    bytes: around,
    start: 10,
    end,
    size,
    transport,
    fromServer,
    serverPort,
  })
}

describe('first bytes', () => {
  test.each(samples)('say %s over %s by the %s', (...sample) => {
    expect(identify(sample)).toBe(sample[0])
  })

  // The kernel copies no more
  test.each(samples)('say %s over %s by the %s, 64 of them too', (...sample) => {
    expect(identify(sample, 64)).toBe(sample[0])
  })

  test('have a sample for every protocol we name', () => {
    expect([...new Set(samples.map(([protocol]) => protocol))].sort()).toEqual(knownProtocols)
  })

  test.each([
    ['tcp', 'client', 'hello world\r\n'],
    ['tcp', 'client', 'GET /\r\n'],
    ['tcp', 'client', '{"json": true}'],
    ['tcp', 'server', '220 hello\r\n'],
    ['tcp', 'server', '+OK\r\n'],
    ['tcp', 'client', '<html>'],
    ['tcp', 'client', '\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['udp', 'client', '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['udp', 'client', `PING${'\0'.repeat(38)}`],
    ['udp', 'client', '\x80\x60\0\x01\0\0\0\0\0\0\0\0'],
    ['udp', 'client', '<abc>'],
    ['tcp', 'client', '\x05\x02\0'],
    ['tcp', 'client', ''],
  ] as const)('leave %s %s %j unnamed', (transport, side, text) => {
    expect(identify(['', transport, side, 0, text])).toBeUndefined()
  })

  test(
    'fuzz: that are noise are rarely anything, never an exception',
    () => {
      let [named, total] = [0, 0]
      const noise = fc.uint8Array({ minLength: 1, maxLength: 200 })
      const transport = fc.constantFrom('tcp' as const, 'udp' as const)
      fc.assert(
        fc.property(
          noise,
          transport,
          fc.boolean(),
          fc.nat(65_535),
          (bytes, over, fromServer, port) => {
            const end = bytes.length
            const first = { bytes, start: 0, end, transport: over, fromServer, serverPort: port }
            total++
            if (identifyProtocol(first) !== undefined) named++
          },
        ),
        effort(20_000),
      )
      expect(named / total).toBeLessThan(0.001)
    },
    patience,
  )

  test(
    'fuzz: cut anywhere or changed anywhere still give a name or none',
    () => {
      const sample = fc.constantFrom(...samples)
      fc.assert(
        fc.property(sample, fc.nat(200), fc.nat(200), fc.nat(255), (each, size, at, value) => {
          const [protocol, transport, side, port, first] = each
          const bytes = typeof first === 'string' ? ascii(first) : [...first]
          bytes[at % bytes.length] = value
          const name = identify([protocol, transport, side, port, bytes.slice(0, size)])
          if (name !== undefined) expect(knownProtocols).toContain(name)
        }),
        effort(5000),
      )
    },
    patience,
  )

  test('of little-endian lengths are read as such', () => {
    expect(
      identify(['', 'tcp', 'client', 0, [...le16(20), 0, 0, ...fill(8), ...le32(1), ...fill(4)]]),
    ).toBe('mongodb')
  })
})
