import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTls, type TlsSide } from '../../src/protocols/tls.ts'
import { tlsFields } from '../../src/protocols/tls-fields.ts'
import { CertificateCache } from '../../src/protocols/x509.ts'
import { concat, noise, u8, u16 } from '../generate/bytes.ts'
import {
  APPLICATION_DATA,
  bigHello,
  CHANGE_CIPHER_SPEC,
  clientHello,
  extension,
  handshake,
  postQuantumHello,
  serverFlight,
  serverHello,
  ssl2Hello,
  tlsRecords,
} from '../generate/tls.ts'

const cache = new CertificateCache()
const decode = (...parts: Uint8Array[]) => decodeTls(concat(...parts))
const fields = (client: TlsSide | undefined, server: TlsSide | undefined) =>
  tlsFields(client, server, der => cache.get(der))
const alert = (...bytes: number[]) => tlsRecords(u8(...bytes), { type: 21 })
const ccs = tlsRecords(u8(1), { type: CHANGE_CIPHER_SPEC })
const encrypted = tlsRecords(noise(300, 3), { type: APPLICATION_DATA })

/** What a reader can see of a hello. */
function seen(side: TlsSide | undefined) {
  const hello = side?.hello
  return (
    hello && {
      sni: hello.serverName,
      alpn: hello.alpn,
      ciphers: hello.ciphers,
      extensions: hello.extensionTypes,
      versions: hello.supportedVersions,
      shares: hello.keyShares,
      ja3: hello.ja3,
      ja4: hello.ja4,
      raw: hello.ja4Raw,
      cut: hello.cut,
    }
  )
}

describe('ClientHello', () => {
  test('everything in it is read', () => {
    const psk = extension(41, noise(40, 1))
    const more = [extension(35, noise(192, 2)), extension(42, u8()), psk]
    const message = postQuantumHello('pq.example.com', { more })
    const side = decode(tlsRecords(message))
    const hello = side?.hello
    expect(side).toMatchObject({ role: 'client', complete: true, recordVersion: 0x0301 })
    expect(hello).toMatchObject({
      version: 0x0303,
      serverName: 'pq.example.com',
      alpn: ['h2', 'http/1.1'],
      highestVersion: 0x0304,
      keyShares: [0x2a2a, 0x11ec, 29],
      pointFormats: [0],
      grease: true,
      ech: true,
      preSharedKey: true,
      earlyData: true,
      sessionTicketLength: 192,
      extendedMasterSecret: true,
      sessionIdLength: 32,
      compressionMethods: [0],
      cut: false,
      malformed: false,
      excess: false,
    })
    expect(hello?.ja4?.slice(0, 10)).toBe('t13d0514h2')
    expect(fields(side, undefined)).toMatchObject({
      tls: { client: { server_name: 'pq.example.com' } },
      orthrusTls: {
        groups: ['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'],
        key_shares: ['X25519MLKEM768', 'x25519'],
        versions: ['1.3', '1.2'],
        ech: true,
        psk: true,
        early_data: true,
      },
    })
  })

  test('any split into records gives the same', () => {
    const messages = [clientHello({ sni: 'a.example' }), postQuantumHello(), bigHello()]
    const whole = messages.map(message => seen(decode(tlsRecords(message))))
    fc.assert(
      fc.property(
        fc.nat({ max: 2 }),
        fc.array(fc.nat({ max: 12_000 }), { maxLength: 40 }),
        (which, cuts) => {
          const message = messages[which] ?? u8()
          expect(seen(decode(tlsRecords(message, { cuts })))).toEqual(whole[which])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a record for each byte, with empty records between, gives the same', () => {
    const message = clientHello({ sni: 'slow.example' })
    const empty = concat(u8(22), u16(0x0301, 0))
    const parts = [...message].flatMap(byte => [empty, tlsRecords(u8(byte))])
    expect(seen(decode(...parts))).toEqual(seen(decode(tlsRecords(message))))
  })

  test('each beginning of it asks for more, never for too much, and ends up the same', () => {
    const message = postQuantumHello('pq.example.com')
    for (const cuts of [[], [1], [4], [700], [3, 40, 41, 900]]) {
      const bytes = tlsRecords(message, { cuts })
      const whole = seen(decodeTls(bytes))
      let at = 1
      let rounds = 0
      while (at < bytes.length) {
        const side = decodeTls(bytes.subarray(0, at))
        expect(side?.complete).toBe(false)
        expect(side?.needed).toBeGreaterThan(at)
        expect(side?.needed).toBeLessThanOrEqual(bytes.length)
        at = side?.needed ?? bytes.length
        rounds++
      }
      expect(rounds).toBeLessThanOrEqual(3 * (cuts.length + 1) + 1)
      expect(seen(decodeTls(bytes))).toEqual(whole)
      expect(whole).toMatchObject({ cut: false, sni: 'pq.example.com' })
    }
  })

  test('a cut one tells what is there, without fingerprints', () => {
    const bytes = tlsRecords(postQuantumHello('pq.example.com'))
    const sniEnd = Buffer.from(bytes).indexOf('pq.example.com') + 14
    for (let at = 1; at < bytes.length; at++) {
      const hello = decodeTls(bytes.subarray(0, at))?.hello
      if (hello === undefined) continue
      expect(hello).toMatchObject({ cut: true, ja3: undefined, ja4: undefined, ja4Raw: undefined })
      expect(hello.serverName).toBe(at >= sniEnd ? 'pq.example.com' : undefined)
    }
  })

  test('an old one without extensions has fingerprints', () => {
    const body = concat(u16(0x0300), noise(32, 1), u8(0), u16(4, 0x0005, 0x000a), u8(1, 0))
    const side = decode(tlsRecords(handshake(1, body), { version: 0x0300 }))
    expect(side?.hello).toMatchObject({ serverName: undefined, malformed: false })
    expect(side?.hello?.ja4).toBe(`ts3i020000_${side?.hello?.ja4?.split('_')[1]}_000000000000`)
    expect(side?.hello?.ja3).toBeDefined()
  })

  test('lengths that do not fit are a fact, not an error', () => {
    const message = Buffer.from(clientHello({ sni: 'a.example' }))
    // The length of the cipher suites, behind header, version, random and session id.
    message.writeUInt16BE(0xfff0, 4 + 2 + 32 + 33)
    const side = decode(tlsRecords(message))
    expect(side?.hello).toMatchObject({ malformed: true, cut: false, ja3: undefined })
    expect(fields(side, undefined).orthrusTls).toMatchObject({ malformed: true })
  })

  test('more suites or extensions than any client sends are flagged and not fingerprinted', () => {
    const ciphers = Array.from({ length: 600 }, (_, index) => index)
    const many = decode(tlsRecords(clientHello({ ciphers })))
    expect(many?.hello).toMatchObject({ excess: true, ja3: undefined, ja4: undefined })
    const more = Array.from({ length: 300 }, (_, index) => extension(1000 + index, u8()))
    expect(decode(tlsRecords(clientHello({ more })))?.hello?.excess).toBe(true)
  })

  test('names that are no text stay harmless', () => {
    const sni = extension(0, concat(u16(6), u8(0), u16(3), u8(0xff, 0xfe, 0x41)))
    expect(decode(tlsRecords(clientHello({ first: [sni] })))?.hello?.serverName).toBe(
      '\ufffd\ufffdA',
    )
    const empty = extension(0, u8())
    const hello = decode(tlsRecords(clientHello({ first: [empty] })))?.hello
    expect(hello?.serverName).toBeUndefined()
    expect(hello?.ja4?.[3]).toBe('d')
  })

  test('the second hello after a HelloRetryRequest is told apart', () => {
    const side = decode(
      tlsRecords(clientHello({ sni: 'a.example' })),
      ccs,
      tlsRecords(clientHello()),
    )
    expect(side?.hello?.serverName).toBe('a.example')
    expect(side?.secondHello).toBeDefined()
    expect(fields(side, undefined).orthrusTls).toMatchObject({ hello_retry: true })
  })
})

describe('SSLv2 framing', () => {
  test('a hello that offers TLS has its suites and no fingerprint', () => {
    const side = decodeTls(ssl2Hello([0x0039, 0x010080], 0x0301))
    expect(side).toMatchObject({ role: 'client', complete: true, hello: undefined })
    expect(side?.sslv2Hello).toMatchObject({ version: 0x0301, cipherSpecs: [0x0039, 0x010080] })
    expect(fields(side, undefined).tls).toEqual({
      client: {
        supported_ciphers: ['TLS_DHE_RSA_WITH_AES_256_CBC_SHA', 'SSL2_RC4_128_WITH_MD5'],
      },
    })
  })

  test('a cut one asks for the rest, and other bytes are not taken for one', () => {
    const bytes = ssl2Hello()
    expect(decodeTls(bytes.subarray(0, 20))).toMatchObject({
      complete: false,
      needed: bytes.length,
    })
    expect(decode(u8(0x80, 0x2e, 1, 3, 1), noise(60, 2))).toBeUndefined()
  })

  test('a server hello gives its certificate', () => {
    const der = noise(100, 1)
    const body = concat(u8(4, 0, 1), u16(2, der.length, 3, 16), der, u8(1, 0, 0x80), noise(16, 3))
    const side = decode(u16(0x8000 | body.length), body)
    expect(side).toMatchObject({ role: 'server', complete: true })
    expect(Buffer.from(side?.certificates[0] ?? u8()).equals(der)).toBe(true)
    expect(fields(undefined, side).tls).toMatchObject({ version: '2.0', version_protocol: 'ssl' })
  })
})

describe("a server's side", () => {
  test('a whole flight of TLS 1.2 in any records gives version, cipher and chain', () => {
    const one = serverFlight({ alpn: 'h2', oneRecord: true })
    const many = serverFlight({ alpn: 'h2' })
    for (const bytes of [one, many]) {
      const side = decodeTls(bytes)
      expect(side).toMatchObject({ role: 'server', complete: true, needed: bytes.length })
      expect(side?.certificates).toHaveLength(2)
      expect(fields(undefined, side).tls).toMatchObject({
        version: '1.2',
        version_protocol: 'tls',
        cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
        next_protocol: 'h2',
        resumed: false,
        server: {
          ja3s: side?.serverHello?.ja3s,
          subject: expect.stringContaining('www.example.com'),
        },
      })
    }
  })

  test('each beginning of a flight asks for more until it is in', () => {
    const bytes = serverFlight({})
    let at = 5
    while (at < bytes.length) {
      const side = decodeTls(bytes.subarray(0, at))
      expect(side?.complete).toBe(false)
      expect(side?.needed).toBeGreaterThan(at)
      at = Math.min(side?.needed ?? 0, bytes.length)
    }
    expect(decodeTls(bytes)?.complete).toBe(true)
  })

  test('in TLS 1.3 the hello is all there is', () => {
    const side = decode(tlsRecords(serverHello({ version: 0x0304, cipher: 0x1301 })))
    expect(side?.complete).toBe(true)
    expect(fields(undefined, side).tls).toMatchObject({
      version: '1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      curve: 'x25519',
    })
  })

  test('a HelloRetryRequest is not the end; JA3S is that of the first answer', () => {
    const random = Buffer.from(
      'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
      'hex',
    )
    const retry = Buffer.from(serverHello({ version: 0x0304, cipher: 0x1302 }))
    random.copy(retry, 6)
    const first = decode(tlsRecords(retry), ccs)
    expect(first).toMatchObject({ role: 'server', complete: false, serverHello: undefined })
    expect(first?.helloRetry?.retry).toBe(true)
    const more = [extension(21, u8())]
    const hello = serverHello({ version: 0x0304, cipher: 0x1302, more })
    const both = decode(tlsRecords(retry), ccs, tlsRecords(hello), encrypted)
    expect(both).toMatchObject({ complete: true, encrypted: true })
    expect(both?.serverHello?.retry).toBe(false)
    expect(fields(undefined, both).tls['server']).toEqual({ ja3s: both?.helloRetry?.ja3s })
    expect(fields(undefined, both).orthrusTls).toMatchObject({ hello_retry: true })
  })

  test('a resumed session of TLS 1.2 ends with ChangeCipherSpec, the Finished is not read', () => {
    const client = decode(tlsRecords(clientHello({ versions: [] })))
    const finished = tlsRecords(concat(u8(11), noise(39, 4)))
    const server = decode(tlsRecords(serverHello({})), ccs, finished)
    expect(server).toMatchObject({ complete: true, encrypted: true, certificateSeen: false })
    expect(fields(client, server).tls).toMatchObject({ resumed: true, established: true })
  })

  test('alerts in the clear are read, encrypted ones are not', () => {
    const refused = decode(alert(2, 40))
    expect(refused).toMatchObject({ role: undefined, alert: { level: 2, description: 40 } })
    expect(refused?.complete).toBe(true)
    expect(fields(undefined, refused)).toEqual({
      tls: { established: false },
      orthrusTls: { alert: { level: 'fatal', description: 'handshake_failure', sender: 'server' } },
    })
    expect(decode(alert(1, 112), tlsRecords(serverHello({})))).toMatchObject({
      role: 'server',
      alert: { level: 1, description: 112 },
      complete: false,
    })
    expect(decode(tlsRecords(noise(40, 1), { type: 21 }))?.alert).toBeUndefined()
  })

  test('the hello of drafts before 22 of TLS 1.3 is read without session id', () => {
    const body = concat(u16(0x7f13), noise(32, 2), u16(0x1301, 4, 51, 0))
    const side = decode(tlsRecords(handshake(2, body)))
    expect(side?.serverHello).toMatchObject({ version: 0x7f13, cipher: 0x1301, malformed: false })
    expect(fields(undefined, side).tls).toMatchObject({ version: '1.3' })
  })
})

test.each([
  ['nothing', u8()],
  ['text', Buffer.from('GET / HTTP/1.1\r\n')],
  ['a record of another version', u8(22, 4, 0, 0, 1)],
  ['a record too long', u8(22, 3, 1, 0xff, 0xff)],
  ['a type that is none', u8(24, 3, 1, 0, 5)],
])('%s is not TLS', (_, bytes) => {
  expect(decodeTls(bytes)).toBeUndefined()
})
