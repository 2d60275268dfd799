import { describe, expect, test } from 'vitest'
import { type MessageEvent } from '../../src/decode/message.ts'
import { l7 } from '../../src/decode/record.ts'
import * as p from '../generate/packets.ts'
import { inBoth, newPair } from './support/both.ts'
import { newEnds } from './support/delivery.ts'
import { isMessage, type Probe } from './support/probe.ts'

const hello = p.clientHello({ sni: 'www.example.com' })
const record = p.tlsRecords(hello)
const query = p.dnsQuery('www.example.com')
const answer = p.dnsAnswer('www.example.com', [{ name: 'www.example.com', data: '192.0.2.1' }])

/** The bytes with some of them changed. */
function altered(bytes: Uint8Array, changes: Record<number, number>): Uint8Array {
  const out = Uint8Array.from(bytes)
  for (const [at, value] of Object.entries(changes)) out[Number(at)] = value
  return out
}

/** What the first data of the client of a TCP conversation is taken for. */
function stream(probe: Probe, port: number, bytes: p.Bytes): MessageEvent[] {
  const turn = { from: 'client', bytes: p.raw(bytes) } as const
  const frames = p.tcpConversation({ ...newEnds(port), teardown: 'none' }, [turn])
  return messages(probe, frames)
}

/** What a datagram to this port is taken for. */
function datagram(probe: Probe, port: number, bytes: p.Bytes, family: 4 | 6 = 4): MessageEvent[] {
  const { src, dst } = newPair(family)
  const from = { ip: src, port: 40_000 }
  const layer = p.udp({ srcPort: 40_000, dstPort: port }, bytes)
  return messages(probe, [p.ethernet({}, p.between(from, { ip: dst, port }, layer))])
}

function messages(probe: Probe, frames: readonly Uint8Array[]): MessageEvent[] {
  for (const frame of frames) probe.feed(frame)
  return probe.events().filter(isMessage)
}

/** Also the first bytes of what is not known. */
function copies(probe: Probe, frames: readonly Uint8Array[]): MessageEvent[] {
  for (const frame of frames) probe.feed(frame)
  return probe.events().filter(event => event.kind === 'message')
}

function expectWhole(found: readonly MessageEvent[], application: string, bytes: p.Bytes): void {
  expect([...new Set(found.map(message => message.application))]).toEqual([application])
  expect(Buffer.concat(found.map(message => message.bytes))).toEqual(Buffer.from(p.raw(bytes)))
  expect(found[0]).toMatchObject({ cut: false, fromResponder: false, length: p.raw(bytes).length })
}

inBoth('streams', probe => {
  const methods = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND']
  const rare = [
    'MKCOL',
    'M-SEARCH',
    'NOTIFY',
    'SUBSCRIBE',
    'BREW',
    'BASELINE-CONTROL',
    'RPC_IN_DATA',
  ]
  const known: [string, string, p.Bytes][] = [
    ['a ClientHello', 'tls', record],
    ['a ClientHello in an SSL 3.0 record', 'tls', p.tlsRecords(hello, { version: 0x0300 })],
    ['a ClientHello of a session without TLS 1.3', 'tls', old()],
    ['a ServerHello', 'tls', p.tlsRecords(p.serverHello())],
    ['a fatal TLS alert', 'tls', p.tlsRecords(p.u8(2, 40), { type: 21 })],
    ['an SSLv2 hello', 'tls', p.ssl2Hello()],
    ['an SSLv2 hello of version 2', 'tls', p.ssl2Hello([0x010080, 0x020080], 0x0002)],
    ...[...methods, ...rare].map((method): [string, string, p.Bytes] => [
      `HTTP ${method}`,
      'http',
      p.httpRequest({ method }),
    ]),
    ['HTTP OPTIONS *', 'http', p.httpRequest({ method: 'OPTIONS', target: '*' })],
    ['HTTP to a proxy', 'http', p.httpRequest({ target: 'http://example.com/' })],
    ['HTTP CONNECT', 'http', p.httpRequest({ method: 'CONNECT', target: 'example.com:443' })],
    ...['\n', '\r\n', '\r\n\r\n'].map((lines, i): [string, string, p.Bytes] => [
      `a request behind empty lines (${i})`,
      'http',
      p.concat(lines, p.httpRequest()),
    ]),
    ['a request with two blanks', 'http', 'GET  /a HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a request with tabs', 'http', 'GET\t/a\tHTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a request for a query', 'http', 'GET ?q=1 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['an answer of a streaming server', 'http', 'ICY 200 OK\r\nicy-name: radio\r\n\r\n'],
    ['HTTP/1.0', 'http', p.httpRequest({ version: '1.0' })],
    ['a request in lower case', 'http', 'get / HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a request in mixed case', 'http', 'Post /a HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a request without a target', 'http', 'GET  HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a request without a slash', 'http', 'HEAD ../x HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['an SSH banner behind lines', 'ssh', 'Be welcome.\r\nBehave.\r\nSSH-2.0-OpenSSH_9.6\r\n'],
    ['an SSH banner behind a long line', 'ssh', `${'x'.repeat(1000)}\nSSH-2.0-OpenSSH_9.6\r\n`],
    ['the preface of HTTP/2', 'http', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an HTTP response', 'http', p.httpResponse()],
    ['an HTTP/1.0 error', 'http', p.httpResponse({ status: 500, version: '1.0' })],
    ['an SSH banner', 'ssh', p.sshBanner()],
    ['an SSH 1.99 banner', 'ssh', 'SSH-1.99-Cisco-1.25\n'],
    ['a DNS query', 'dns', p.overTcp(query)],
    ['a DNS answer', 'dns', p.overTcp(answer)],
  ]

  function old(): Uint8Array {
    return p.tlsRecords(p.clientHello({ versions: [], session: 0 }), { version: 0x0301 })
  }

  test.each(known)('%s, on any port', (_, application, bytes) => {
    for (const port of [443, 80, 22, 25, 53, 31_337]) {
      expectWhole(stream(probe(), port, bytes), application, bytes)
    }
  })

  const other: [string, p.Bytes][] = [
    ['TLS application data', p.tlsRecords(p.noise(200), { type: p.APPLICATION_DATA })],
    ['an encrypted TLS alert', p.tlsRecords(p.noise(26), { type: 21 })],
    ['another handshake message', p.tlsRecords(p.handshake(11, p.noise(100)))],
    ['a TLS record of version 2', altered(record, { 1: 2 })],
    ['a TLS record of version 3.5', altered(record, { 2: 5 })],
    ['SSLv2 with odd cipher specs', altered(p.ssl2Hello(), { 6: 4 })],
    ['SSLv2 with a long challenge', altered(p.ssl2Hello(), { 9: 1 })],
    ['an SSLv2 record without its mark', altered(p.ssl2Hello(), { 0: 0 })],
    ['a command of Redis', 'GET a-key-of-some-length\r\n'],
    ['a command of memcached', 'get a-key-of-some-length\r\n'],
    ['a command of NNTP', 'HEAD <1234@news.example.com>\r\n'],
    ['words of HTTP, cut', 'get / HTTP/1.1\r\nHost: example.com\r\n'],
    ['an SSH banner within a line', 'The banner would be SSH-2.0-OpenSSH_9.6\r\n'],
    ['an SSH banner behind too many lines', `${'A line.\r\n'.repeat(120)}SSH-2.0-OpenSSH_9.6\r\n`],
    ['a word of two letters', 'GE / HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['text behind empty lines', '\r\n\r\nHELO mail.example.com and more\r\n'],
    ['a word without a target', 'HELO mail.example.com and some more\r\n'],
    ['a command of FTP', 'USER anonymous and then some more\r\n'],
    ['an SMTP greeting', '220 mail.example.com ESMTP ready\r\n'],
    ['HTTP with a version in letters', 'HTTP/x.1 200 OK and so on and so on\r\n\r\n'],
    ['SSH without a dash', 'SSH2.0-OpenSSH_9.2p1 Debian\r\n'],
    ['text', 'The quick brown fox jumps over the lazy dog.'],
    ['a length that is not the segment’s', p.concat(p.u16(query.length + 1), query)],
    ['zeros', p.fill(100)],
    ['ones', p.fill(100, 0xff)],
    ['noise', p.noise(1000, 42)],
  ]

  test.each(other)('not %s', (_, bytes) => {
    expect(stream(probe(), 31_337, bytes)).toEqual([])
  })

  test.each([1, 3])('a request whose client sends %i bytes at a time is copied whole', size => {
    const request = p.httpRequest({ target: `/${'long'.repeat(20)}` })
    const bytes = p.raw(request)
    const turns = p.segmentEvery(bytes, size).map(piece => ({ from: 'client' as const, ...piece }))
    const frames = p.tcpConversation({ ...newEnds(80), teardown: 'none' }, turns)
    const found = messages(probe(), frames)
    expect(Buffer.concat(found.map(piece => piece.bytes))).toEqual(Buffer.from(bytes))
    expect(new Set(found.map(({ application }) => application))).toEqual(new Set(['http']))
  })

  test.each([
    ['GET', 14_000],
    ['POST', 4096],
  ])('of a long %s %i bytes are copied', (method, most) => {
    const request = p.raw(p.httpRequest({ method, target: `/${'t'.repeat(13_900)}` }))
    const bytes = request.subarray(0, 14_000)
    const turns = p.segmentEvery(bytes, 1400).map(piece => ({ from: 'client' as const, ...piece }))
    const frames = p.tcpConversation({ ...newEnds(80), teardown: 'none' }, turns)
    const copied = Buffer.concat(messages(probe(), frames).map(piece => piece.bytes))
    expect(copied.equals(bytes.subarray(0, most))).toBe(true)
  })

  test('a letter that may begin a method makes no conversation HTTP', () => {
    const turns: p.Turn[] = [
      { from: 'client', bytes: p.u8(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f) },
      { from: 'server', bytes: p.raw('N') },
      { from: 'client', bytes: p.concat(p.u8(0, 0, 0, 40, 0, 3, 0, 0), p.fill(32, 0x61)) },
      { from: 'server', bytes: p.concat('R', p.u32(12, 5), p.noise(40)) },
    ]
    for (const frame of p.tcpConversation(newEnds(5432), turns)) probe().feed(frame)
    const end = probe()
      .events()
      .find(event => event.kind === 'flow' && event.action === 'end')
    expect(end).toMatchObject({ l7: l7.L7_UNKNOWN })
  })

  test('an empty line alone begins nothing', () => {
    const turns: p.Turn[] = [
      { from: 'client', bytes: p.raw('\r\n') },
      { from: 'client', bytes: record },
    ]
    const frames = p.tcpConversation({ ...newEnds(23), teardown: 'none' }, turns)
    expect(messages(probe(), frames).map(({ application }) => application)).toEqual(['tls'])
  })

  test('of what is not known the first 64 bytes are told, once a side', () => {
    const greeting = p.concat('220 mail.example.com ESMTP ready', p.fill(100, 46))
    const turns: p.Turn[] = [
      { from: 'server', bytes: greeting },
      { from: 'client', bytes: p.raw('EHLO me\r\n') },
      { from: 'server', bytes: p.raw('250-mail.example.com\r\n250 STARTTLS\r\n') },
      { from: 'client', bytes: p.raw('STARTTLS\r\n') },
      { from: 'client', bytes: record },
    ]
    const frames = p.tcpConversation({ ...newEnds(25), teardown: 'none' }, turns)
    const found = copies(probe(), frames)
    expect(found.map(({ l7: kind }) => kind)).toEqual([l7.L7_FIRST, l7.L7_FIRST, l7.L7_TLS])
    expect(found.map(({ fromResponder }) => fromResponder)).toEqual([true, false, false])
    expect(found[0]?.bytes.equals(greeting.subarray(0, 64))).toBe(true)
    expect(found[0]).toMatchObject({ length: greeting.length, seq: 5001, start: 5001 })
    expect(`${found[1]?.bytes}`).toBe('EHLO me\r\n')
  })

  test('commands of Telnet in short segments are no hello of SSL', () => {
    const turns: p.Turn[] = [
      { from: 'server', bytes: p.u8(0xff, 0xfd, 0x01) },
      { from: 'client', bytes: p.u8(0xff, 0xfb, 0x01) },
      { from: 'server', bytes: p.raw('login: and some more text') },
    ]
    const frames = p.tcpConversation({ ...newEnds(23), teardown: 'none' }, turns)
    const found = copies(probe(), frames)
    expect(found.map(({ l7: kind }) => kind)).toEqual([l7.L7_FIRST, l7.L7_FIRST])
  })

  test('the other side is looked at too, and said so', () => {
    const flight = p.serverFlight()
    const turns: p.Turn[] = [
      { from: 'client', bytes: record },
      { from: 'server', bytes: flight },
    ]
    const frames = p.tcpConversation({ ...newEnds(8443), teardown: 'none' }, turns)
    const found = messages(probe(), frames)
    expect(found.map(({ fromResponder }) => fromResponder)).toEqual([false, true])
    expect(found[1]?.bytes.equals(flight)).toBe(true)
    expect(found[1]?.communityId).toBe(found[0]?.communityId)
  })
})

inBoth('datagrams', probe => {
  const dhcp = p.dhcp({ type: p.DHCP_DISCOVER, clientMac: '02:00:00:00:00:01' })
  const solicit = p.dhcp6({ type: p.DHCP6_SOLICIT, clientMac: '02:00:00:00:00:01' })
  const known: [string, string, Uint8Array, number[]][] = [
    ['a DNS query', 'dns', query, [53, 5300, 31_337]],
    ['a DNS answer', 'dns', answer, [53, 31_337]],
    ['an answer without such a name', 'dns', p.dnsAnswer('a.example', [], { rcode: 3 }), [53, 9]],
    ['a DNS notify', 'dns', p.dns({ opcode: 4, questions: [{ name: 'a.example' }] }), [53]],
    ['a DNS update', 'dns', p.dns({ opcode: 5, questions: [{ name: 'a.example' }] }), [53]],
    ['an empty DNS message', 'dns', p.dns({}), [53]],
    ['mDNS', 'mdns', p.mdnsQuery('_ipp._tcp.local'), [5353]],
    [
      'an mDNS announcement',
      'mdns',
      p.mdnsAnnouncement([{ name: 'a.local', data: '10.0.0.9' }]),
      [5353],
    ],
    ['LLMNR', 'llmnr', p.llmnr('wpad'), [5355]],
    ['an LLMNR answer', 'llmnr', p.llmnr('wpad', '10.0.0.9'), [5355]],
    ['NBNS', 'nbns', p.nbns('WORKGROUP'), [137]],
    ['an NBNS answer', 'nbns', p.nbns('WORKGROUP', '10.0.0.9'), [137]],
    ['QUIC v1', 'quic', p.quicInitial(), [443, 80, 31_337]],
    ['QUIC v2', 'quic', p.quicInitial({ version: p.QUIC_V2 }), [443, 31_337]],
    [
      'QUIC draft 29 with a token',
      'quic',
      p.quicInitial({ version: p.QUIC_DRAFT_29, token: p.noise(40) }),
      [443],
    ],
    ['QUIC of Facebook', 'quic', p.quicInitial({ version: 0xfaceb002 }), [443]],
    [
      'a draft of QUIC v2',
      'quic',
      altered(p.quicInitial({ version: 0x709a50c4 }), { 0: 0xd0 }),
      [443],
    ],
    [
      'a QUIC version that nobody registered',
      'quic',
      p.quicInitial({ version: 0x1a2a3a4a }),
      [443],
    ],
    [
      'QUIC of a client that comes again (RFC 9287)',
      'quic',
      altered(p.quicInitial(), { 0: 0x80 }),
      [443],
    ],
    ['a QUIC version negotiation', 'quic', negotiation(), [443]],
    ['DHCP', 'dhcp', dhcp, [67, 68, 4011]],
    ['DHCPv6', 'dhcpv6', solicit, [547]],
  ]

  function negotiation(): Uint8Array {
    const ids = p.concat(p.u8(8), p.noise(8, 1), p.u8(8), p.noise(8, 2))
    return p.concat(p.u8(0xca), p.u32(0), ids, p.u32(1, p.QUIC_V2))
  }

  test('between two ports of names the message tells who asked', () => {
    const { src, dst } = newPair(4)
    const send = (from: string, to: string, port: number, bytes: p.Bytes) => {
      const layer = p.udp({ srcPort: port, dstPort: port }, bytes)
      const [found] = messages(probe(), [p.ethernet({}, p.ipv4({ src: from, dst: to }, layer))])
      return [found?.sourceIp, found?.destinationIp, found?.fromResponder]
    }
    expect(send(src, dst, 53, query)).toEqual([src, dst, false])
    expect(send(dst, src, 53, answer)).toEqual([src, dst, true])
    expect(send(dst, src, 53, query)).toEqual([dst, src, false])
    expect(send(src, dst, 53, answer)).toEqual([dst, src, true])
    const group = '224.0.0.251'
    const announcement = p.mdnsAnnouncement([{ name: 'a.local', data: '10.0.0.9' }])
    expect(send(src, group, 5353, announcement)).toEqual([src, group, false])
    expect(send(src, dst, 5353, announcement)).toEqual([dst, src, true])
  })

  describe.each(known)('%s', (_, application, bytes, ports) => {
    test.each([4, 6] as const)('in IPv%i', family => {
      for (const port of ports) {
        const found = datagram(probe(), port, bytes, family)
        expectWhole(found, application, bytes)
      }
    })
  })

  const other: [string, Uint8Array, number][] = [
    [
      'DNS with two questions on an odd port',
      p.dns({ questions: [{ name: 'a.b' }, { name: 'c.d' }] }),
      9,
    ],
    ['DNS with an odd opcode on an odd port', altered(query, { 2: 0x10 }), 9],
    ['a query with answers on an odd port', altered(answer, { 2: 0x01 }), 9],
    ['DNS with thousands of records', altered(answer, { 6: 0x20 }), 53],
    ['eleven bytes to port 53', p.noise(11), 53],
    ['QUIC with a connection id of 21 bytes', altered(p.quicInitial(), { 5: 21 }), 443],
    ['a QUIC handshake packet', altered(p.quicInitial(), { 0: 0xe0 }), 443],
    ['a QUIC 1-RTT packet', altered(p.quicInitial(), { 0: 0x40 }), 443],
    [
      'a short datagram of an unknown QUIC',
      p.quicInitial({ version: 0x1a2a3a4a, size: 1199 }),
      443,
    ],
    ['an unknown QUIC with a short id', p.quicInitial({ version: 9, dcid: p.noise(7) }), 443],
    [
      'an unknown QUIC without the fixed bit',
      altered(p.quicInitial({ version: 9 }), { 0: 0x80 }),
      443,
    ],
    ['a short datagram like QUIC', altered(p.quicInitial({ size: 1100 }), { 0: 0x80 }), 443],
    ['DHCP without its cookie', altered(dhcp, { 236: 0 }), 67],
    ['DHCP of operation 3', altered(dhcp, { 0: 3 }), 67],
    ['DHCP of 239 bytes', dhcp.subarray(0, 239), 67],
    ['DHCPv6 of type 0', altered(solicit, { 0: 0 }), 547],
    ['SNMP', p.concat(p.u8(0x30, 26, 2, 1, 1, 4, 6), 'public', p.noise(13)), 161],
    ['zeros', p.fill(100), 9],
    ['ones', p.fill(100, 0xff), 9],
    ['noise', p.noise(1000, 7), 9],
  ]

  test.each(other)('not %s', (_, bytes, port) => {
    expect(datagram(probe(), port, bytes)).toEqual([])
  })

  test('a QUIC server may clear the fixed bit once its client was seen', () => {
    const { src, dst } = newPair(4)
    const send = (from: p.End, to: p.End, bytes: Uint8Array) => {
      const layer = p.udp({ srcPort: from.port, dstPort: to.port }, bytes)
      return messages(probe(), [p.ethernet({}, p.between(from, to, layer))])
    }
    const client = { ip: src, port: 40_000 }
    const server = { ip: dst, port: 443 }
    const answer = altered(p.quicInitial({ size: 300 }), { 0: 0x87 })
    expect(send(server, client, answer)).toEqual([])
    expect(send(client, server, p.quicInitial())).toHaveLength(1)
    expect(send(server, client, answer)).toMatchObject([{ application: 'quic', length: 300 }])
  })

  test('of what is not known the first 64 bytes are told, once a side', () => {
    const { src, dst } = newPair(4)
    const send = (from: string, to: string, ports: [number, number], bytes: Uint8Array) => {
      const layer = p.udp({ srcPort: ports[0], dstPort: ports[1] }, bytes)
      return copies(probe(), [p.ethernet({}, p.ipv4({ src: from, dst: to }, layer))])
    }
    const [first] = send(src, dst, [7000, 161], p.noise(300))
    expect(first).toMatchObject({ l7: l7.L7_FIRST, length: 300, fromResponder: false })
    expect(first?.bytes.equals(p.noise(64))).toBe(true)
    const [answered] = send(dst, src, [161, 7000], p.noise(20, 2))
    expect(answered).toMatchObject({ l7: l7.L7_FIRST, length: 20, fromResponder: true })
    expect(send(src, dst, [7000, 161], p.noise(300))).toEqual([])
    expect(send(dst, src, [161, 7000], p.noise(300))).toEqual([])
  })

  test('DNS on an odd port is looked for in the first four datagrams of a side', () => {
    const { src, dst } = newPair(4)
    const send = (bytes: Uint8Array, port: number) =>
      messages(probe(), [
        p.ethernet({}, p.ipv4({ src, dst }, p.udp({ srcPort: 7000, dstPort: port }, bytes))),
      ])
    for (let i = 0; i < 3; i++) expect(send(p.noise(50, 20 + i), 9)).toEqual([])
    expect(send(query, 9)).toHaveLength(1)
    for (let i = 0; i < 4; i++) expect(send(p.noise(50, 30 + i), 10)).toEqual([])
    expect(send(query, 10)).toEqual([])
    for (let i = 0; i < 9; i++) expect(send(p.noise(5, 40 + i), 53)).toEqual([])
    expect(send(query, 53)).toHaveLength(1)
  })

  test('a message of 9,000 bytes comes in pieces', () => {
    const data = Array.from({ length: 40 }, () => 'y'.repeat(220))
    const long = p.dnsAnswer('a.example', [{ name: 'a.example', type: 'TXT', data }])
    if (54 + long.length > probe().longest) return
    const found = datagram(probe(), 53, long)
    expect(found.map(({ bytes }) => bytes.length)).toEqual([4096, 4096, long.length - 8192])
    expect(Buffer.concat(found.map(({ bytes }) => bytes)).equals(long)).toBe(true)
    expect(found.map(({ seq, cut }) => [seq, cut])).toEqual([
      [0, false],
      [4096, false],
      [8192, false],
    ])
  })
})
