import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QuicAssembler, quicUserAgent } from '../../src/protocols/quic.ts'
import { InitialSecret } from '../../src/protocols/quic-crypto.ts'
import { quicFields } from '../../src/protocols/quic-fields.ts'
import { readPacket } from '../../src/protocols/quic-packet.ts'
import { CryptoStream, MAX_CRYPTO } from '../../src/protocols/quic-stream.ts'
import { quicVersion } from '../../src/protocols/quic-versions.ts'
import { concat, noise, u8, u16 } from '../generate/bytes.ts'
import {
  bigHello,
  clientHello,
  extension,
  handshake,
  postQuantumHello,
  serverHello,
} from '../generate/tls.ts'
import { fieldFaults } from './ecs.ts'
import { crypto, DCID, initial, negotiation, retry, varint } from './quic-build.ts'
import { clientV1, clientV2, retryV1, retryV2, serverV1, serverV2 } from './quic-vectors.ts'

const SERVER_ID = Buffer.from('f067a5502a4262b5', 'hex')
const V1 = 0x00000001
const V2 = 0x6b3343cf

describe('the sample packets of the RFCs', () => {
  test('keys of version 1 and 2 are derived as in appendix A.1', () => {
    const one = quicVersion(V1)
    const first = new InitialSecret(one.salts[0] ?? u8(), DCID, one.label)
    expect(first.client.key.toString('hex')).toBe('1f369613dd76d5467730efcbe3b1a22d')
    expect(first.client.iv.toString('hex')).toBe('fa044b2f42a3fd3b46fb255c')
    expect(first.client.headerKey.toString('hex')).toBe('9f50449e04a0e810283a1e9933adedd2')
    expect(first.server.key.toString('hex')).toBe('cf3a5331653c364c88f0f379b6067e37')
    expect(first.server.headerKey.toString('hex')).toBe('c206b8d9b9f0f37644430b490eeaa314')
    const two = quicVersion(V2)
    const second = new InitialSecret(two.salts[0] ?? u8(), DCID, two.label)
    expect(second.client.key.toString('hex')).toBe('8b1a0bc121284290a29e0971b5cd045d')
    expect(second.client.iv.toString('hex')).toBe('91f73e2351d8fa91660e909f')
    expect(second.server.key.toString('hex')).toBe('82db637861d55e1d011f19ea71d5d2a7')
    expect(second.server.headerKey.toString('hex')).toBe('edf6d05c83121201b436e16877593c3a')
  })

  test.each([
    ['1', clientV1, serverV1],
    ['2', clientV2, serverV2],
  ])('version %s: both hellos are read', (version, client, server) => {
    const assembler = new QuicAssembler<string>()
    const asked = assembler.datagram('a', false, client, 0)
    expect(asked).toMatchObject({ version, retry: false, serverHello: undefined })
    expect(asked?.clientHello).toMatchObject({
      serverName: 'example.com',
      alpn: ['alpn'],
      transport: 'q',
      cut: false,
    })
    const answered = assembler.datagram('a', true, server, 1)
    expect(answered?.serverHello).toMatchObject({ version: 0x0304, cipher: 0x1301, group: 29 })
    const facts = { version, clientHello: asked?.clientHello, serverHello: answered?.serverHello }
    const { tls, orthrusTls, orthrusQuic } = quicFields(facts)
    expect(tls).toMatchObject({
      version: '1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      curve: 'x25519',
      client: { server_name: 'example.com' },
      resumed: false,
    })
    expect(orthrusTls['ja4']).toMatch(/^q13d0211an_/)
    expect(orthrusQuic).toEqual({ version })
    expect(fieldFaults('tls', tls)).toEqual([])
  })

  test.each([
    ['1', retryV1, clientV1],
    ['2', retryV2, clientV2],
  ])('version %s: a Retry is told once', (version, packet, client) => {
    const assembler = new QuicAssembler<string>()
    assembler.datagram('a', false, client, 0)
    expect(assembler.datagram('a', true, packet, 1)).toMatchObject({ version, retry: true })
    expect(assembler.datagram('a', true, packet, 2)).toBeUndefined()
  })
})

/** Initials of one hello in pieces cut at `cuts`, one packet each. */
function packets(message: Uint8Array, cuts: readonly number[], version = V1): Uint8Array[] {
  const ends = [...new Set(cuts.filter(cut => cut > 0 && cut < message.length))].sort(
    (a, b) => a - b,
  )
  return [0, ...ends].map((from, index) =>
    initial({ version, number: index, frames: crypto(from, message.subarray(from, ends[index])) }),
  )
}

describe('a ClientHello over several packets', () => {
  test('in any order, repeated and coalesced, gives the same once', () => {
    const messages = [clientHello({ sni: 'a.example' }), postQuantumHello(), bigHello()]
    const whole = messages.map(message => told([packets(message, [])[0] ?? u8()]))
    fc.assert(
      fc.property(
        fc.nat({ max: 2 }),
        fc.array(fc.nat({ max: 12_000 }), { maxLength: 11 }),
        fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
        fc.boolean(),
        (which, cuts, order, coalesce) => {
          const message = messages[which] ?? u8()
          const list = packets(message, cuts)
          const twice = [...list, ...list]
            .map((packet, index) => ({ packet, key: order[index] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ packet }) => packet)
          expect(told(coalesce ? pairs(twice) : twice)).toEqual(whole[which])
        },
      ),
      { numRuns: 150 },
    )
  })

  test('frames out of order and overlapping within a packet give the same', () => {
    const message = postQuantumHello('chaos.example')
    const piece = (from: number, to: number) => crypto(from, message.subarray(from, to))
    const ping = u8(1)
    const ack = concat(u8(2), varint(9), varint(70), varint(1), varint(0), varint(1), varint(2))
    const first = concat(piece(500, 900), ping, u8(0, 0), piece(0, 300), ack, piece(250, 501))
    const second = concat(piece(1200, message.length), ping, piece(850, 1300))
    const list = [second, first].map((frames, number) => initial({ number, frames }))
    expect(told(list)).toEqual(told(packets(message, [])))
  })

  test('one that never becomes whole is told as cut when its time is over', () => {
    const partial: unknown[] = []
    const assembler = new QuicAssembler<string>({ lifetime: 1000 }, (key, news) =>
      partial.push([key, news.version, news.clientHello?.serverName, news.clientHello?.cut]),
    )
    const [first = u8(), second = u8()] = packets(postQuantumHello('half.example'), [1500])
    expect(assembler.datagram('a', false, first, 0)).toBeUndefined()
    assembler.expire(1000)
    expect(partial).toEqual([])
    expect(assembler.datagram('b', false, second, 1001)).toBeUndefined()
    expect(partial).toEqual([['a', '1', 'half.example', true]])
    assembler.clear()
    expect(assembler).toMatchObject({ flows: 0, bytes: 0 })
    expect(partial).toHaveLength(1)
  })
})

/** What datagrams of a client tell, in the order given. */
function told(datagrams: readonly Uint8Array[]) {
  const assembler = new QuicAssembler<string>()
  const news = datagrams.flatMap(bytes => assembler.datagram('a', false, bytes, 0) ?? [])
  return news.map(({ version, clientHello: hello }) => [
    version,
    hello?.serverName,
    hello?.ja4,
    hello?.ja3,
  ])
}

function pairs(list: readonly Uint8Array[]): Uint8Array[] {
  return list.flatMap((packet, index) =>
    index % 2 ? [] : [concat(packet, list[index + 1] ?? u8())],
  )
}

describe('connections', () => {
  const message = clientHello({ sni: 'a.example', versions: [0x0304] })
  const frames = crypto(0, message)
  const answer = crypto(0, serverHello({ version: 0x0304, cipher: 0x1302 }))
  const client = initial({ frames, pad: 1100 })

  test.each([
    [0xff000017, 'draft-23'],
    [0xff00001b, 'draft-27'],
    [0xff00001d, 'draft-29'],
    [0xff000020, 'draft-32'],
    [0xff000021, 'draft-33'],
    [0xff000016, 'draft-22'],
    [0x709a50c4, '2-draft'],
    [0x54303531, 'T051'],
    [0xfaceb002, 'mvfst-2'],
    [0x1a2a3a4a, '0x1a2a3a4a'],
  ])('of version %i are read', (version, name) => {
    const datagram = initial({ version, frames, pad: 1100 })
    const news = new QuicAssembler<string>().datagram('a', false, datagram, 0)
    expect(news).toMatchObject({ version: name })
    expect(news?.clientHello?.serverName).toBe('a.example')
  })

  test("Google's own frame number is taken for CRYPTO", () => {
    const datagram = initial({ version: 0x54303531, frames: crypto(0, message, 8) })
    const news = new QuicAssembler<string>().datagram('a', false, datagram, 0)
    expect(news?.clientHello?.serverName).toBe('a.example')
  })

  test('who sent a packet is found out where the hint is wrong', () => {
    const assembler = new QuicAssembler<string>()
    expect(assembler.datagram('a', true, client, 0)?.clientHello).toBeDefined()
    const server = initial({
      side: 'server',
      original: DCID,
      dcid: u8(),
      scid: SERVER_ID,
      frames: answer,
    })
    expect(assembler.datagram('a', false, server, 1)?.serverHello).toBeDefined()
  })

  test("an answer without its client's packet tells nothing", () => {
    const server = initial({ side: 'server', original: DCID, dcid: u8(), frames: answer })
    expect(new QuicAssembler<string>().datagram('a', true, server, 0)).toBeUndefined()
  })

  test('after a Retry the keys come from the new id, and the hello is not told twice', () => {
    const assembler = new QuicAssembler<string>()
    expect(assembler.datagram('a', false, client, 0)?.clientHello).toBeDefined()
    expect(assembler.datagram('a', true, retry(SERVER_ID), 1)?.retry).toBe(true)
    const again = initial({ dcid: SERVER_ID, token: noise(40, 1), number: 1, frames, pad: 1100 })
    expect(assembler.datagram('a', false, again, 2)).toBeUndefined()
    const server = initial({ side: 'server', original: SERVER_ID, dcid: u8(), frames: answer })
    expect(assembler.datagram('a', true, server, 3)?.serverHello?.cipher).toBe(0x1302)
  })

  test('a server may answer in another version (RFC 9368)', () => {
    const assembler = new QuicAssembler<string>()
    assembler.datagram('a', false, client, 0)
    const options = {
      version: V2,
      side: 'server',
      original: DCID,
      dcid: u8(),
      frames: answer,
    } as const
    expect(assembler.datagram('a', true, initial(options), 1)).toMatchObject({ version: '2' })
  })

  test('Version Negotiation tells what the server speaks, and the next hello is a new one', () => {
    const assembler = new QuicAssembler<string>()
    const forced = initial({ version: 0x0a1a2a3a, frames, pad: 1100 })
    expect(assembler.datagram('a', false, forced, 0)?.clientHello).toBeDefined()
    const offered = assembler.datagram('a', true, negotiation(0x1a2a3a4a, V1, V2, 0xff00001d), 1)
    expect(offered?.offeredVersions).toEqual(['1', '2', 'draft-29'])
    const dcid = noise(8, 9)
    const next = initial({ dcid, frames: crypto(0, clientHello({ sni: 'b.example' })) })
    expect(assembler.datagram('a', false, next, 2)?.clientHello?.serverName).toBe('b.example')
  })

  test('a HelloRetryRequest and the hello after it are told', () => {
    const random = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
    const request = Buffer.from(serverHello({ version: 0x0304, cipher: 0x1301 }))
    Buffer.from(random, 'hex').copy(request, 6)
    const hello = serverHello({ version: 0x0304, cipher: 0x1301 })
    const server = { side: 'server', original: DCID, dcid: u8() } as const
    const assembler = new QuicAssembler<string>()
    assembler.datagram('a', false, client, 0)
    const first = assembler.datagram(
      'a',
      true,
      initial({ ...server, frames: crypto(0, request) }),
      1,
    )
    expect(first).toMatchObject({ helloRetry: { retry: true }, serverHello: undefined })
    const rest = initial({ ...server, number: 1, frames: crypto(request.length, hello) })
    const second = assembler.datagram('a', true, rest, 2)
    expect(second).toMatchObject({ helloRetry: undefined, serverHello: { retry: false } })
  })

  test('packets that are not Initials are passed over, coalesced Initials behind them read', () => {
    const head = concat(u8(0xe0), Buffer.from('00000001', 'hex'), u8(8), DCID, u8(0))
    const handshakePacket = concat(head, varint(50), noise(50, 1))
    const news = new QuicAssembler<string>().datagram(
      'a',
      false,
      concat(handshakePacket, client),
      0,
    )
    expect(news?.clientHello?.serverName).toBe('a.example')
  })

  test('a client may name its software', () => {
    const agent = Buffer.from('Chrome/120.0 Linux')
    const parameters = concat(
      varint(1),
      varint(2),
      u16(77),
      u16(0x7129),
      varint(agent.length),
      agent,
    )
    const named = clientHello({ sni: 'a.example', more: [extension(57, parameters)] })
    const datagram = initial({ frames: crypto(0, named), pad: 1100 })
    const hello = new QuicAssembler<string>().datagram('a', false, datagram, 0)?.clientHello
    expect(hello && quicUserAgent(hello)).toBe('Chrome/120.0 Linux')
    const facts = { version: '1', clientHello: hello, serverHello: undefined }
    expect(quicFields(facts).userAgent).toBe('Chrome/120.0 Linux')
  })
})

describe('bounds', () => {
  const first = packets(postQuantumHello(), [900])[0] ?? u8()

  test('flows beyond the limit push out the oldest', () => {
    const assembler = new QuicAssembler<number>({ flows: 10 })
    for (let key = 0; key < 30; key++) assembler.datagram(key, false, first, key)
    expect(assembler).toMatchObject({ flows: 10, evicted: 20 })
  })

  test('so do bytes beyond the limit', () => {
    const assembler = new QuicAssembler<number>({ bytes: 10_000 })
    for (let key = 0; key < 30; key++) assembler.datagram(key, false, first, key)
    expect(assembler.bytes).toBeLessThanOrEqual(10_000)
    expect(assembler.flows).toBeLessThan(10)
  })

  test('a stream keeps to its longest, and islands to their number', () => {
    const stream = new CryptoStream()
    expect(stream.add(MAX_CRYPTO - 1, u8(1, 2))).toBe(false)
    expect(stream.add(Number.MAX_SAFE_INTEGER, u8(1))).toBe(false)
    for (let at = 0; at < 10_000; at += 10) stream.add(at + 1, u8(7))
    expect(stream.prefix).toHaveLength(0)
    expect(stream.size).toBeLessThanOrEqual(MAX_CRYPTO)
  })

  test('what does not decrypt is tried only so often', () => {
    const assembler = new QuicAssembler<string>()
    const wrong = Buffer.from(initial({ frames: crypto(0, clientHello()), pad: 1100 }))
    wrong[100] = (wrong[100] ?? 0) ^ 1
    for (let count = 0; count < 60; count++) assembler.datagram('a', false, wrong, count)
    const right = initial({ frames: crypto(0, clientHello()), pad: 1100 })
    expect(assembler.datagram('a', false, right, 61)).toBeUndefined()
    expect(assembler.datagram('b', false, right, 62)).toBeDefined()
  })
})

describe('a stream of CRYPTO frames', () => {
  test('is what a plain array would hold, whatever the pieces', () => {
    const source = noise(2000, 5)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 1999 }), fc.nat({ max: 400 })), { maxLength: 40 }),
        pieces => {
          const stream = new CryptoStream()
          const there = new Array<boolean>(2000).fill(false)
          for (const [from, length] of pieces) {
            const to = Math.min(2000, from + length)
            const fresh = there.slice(from, to).includes(false)
            expect(stream.add(from, source.subarray(from, to))).toBe(fresh)
            there.fill(true, from, to)
          }
          const gap = there.indexOf(false)
          const expected = source.subarray(0, gap < 0 ? 2000 : gap)
          expect(Buffer.compare(stream.prefix, expected)).toBe(0)
        },
      ),
    )
  })
})

test.each([
  ['nothing', u8()],
  ['a short header', concat(u8(0x40), noise(60, 1))],
  ['a connection id too long', concat(u8(0xc0, 0, 0, 0, 1, 200), noise(300, 1))],
  ['a header cut short', clientV1.subarray(0, 20)],
  ['a handshake message', handshake(1, noise(100, 1))],
])('%s is not taken for a handshake', (_, bytes) => {
  expect(new QuicAssembler<string>().datagram('a', false, bytes, 0)).toBeUndefined()
})

test('a packet cut by the capture is said to be cut and not decrypted', () => {
  const bytes = clientV1.subarray(0, 700)
  expect(readPacket(bytes, 0)).toMatchObject({ kind: 'initial', cut: true, end: 700 })
  expect(new QuicAssembler<string>().datagram('a', false, bytes, 0)).toBeUndefined()
})
