import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QuicAssembler } from '../../src/protocols/quic.ts'
import { quicFields } from '../../src/protocols/quic-fields.ts'
import { QUIC } from '../../src/protocols/quic-versions.ts'
import { decodeTls } from '../../src/protocols/tls.ts'
import { tlsFields } from '../../src/protocols/tls-fields.ts'
import { readHandshake } from '../../src/protocols/tls-handshake.ts'
import { CertificateCache } from '../../src/protocols/x509.ts'
import { concat, u8 } from '../generate/bytes.ts'
import {
  bigHello,
  clientHello,
  postQuantumHello,
  serverFlight,
  ssl2Hello,
  tlsRecords,
} from '../generate/tls.ts'
import { fieldFaults } from './ecs.ts'
import { effort, patience } from './effort.ts'
import { crypto, initial } from './quic-build.ts'
import { clientV1, clientV2, retryV1, serverV1 } from './quic-vectors.ts'

// Decoders meet whatever an attacker sends: each change of real bytes has to give an answer.
const cache = new CertificateCache()
const seeds = [
  tlsRecords(clientHello({ sni: 'a.example', alpn: ['h2'] })),
  tlsRecords(postQuantumHello(), { cuts: [3, 90, 700] }),
  tlsRecords(bigHello()),
  serverFlight({ alpn: 'h2', oneRecord: true }),
  serverFlight({ version: 0x0304 }),
  ssl2Hello(),
]
const datagrams = [clientV1, serverV1, clientV2, retryV1, concat(serverV1, clientV1)]

/** Changed bytes, cut, with pieces left out and doubled. */
function mutations(list: readonly Uint8Array[]) {
  const change = fc.tuple(fc.nat({ max: 2500 }), fc.nat({ max: 255 }))
  return fc
    .tuple(
      fc.nat({ max: list.length - 1 }),
      fc.array(change, { maxLength: 8 }),
      fc.option(fc.nat({ max: 2500 })),
      fc.option(fc.tuple(fc.nat({ max: 2500 }), fc.nat({ max: 2500 }))),
    )
    .map(([which, changes, cut, twice]) => {
      const bytes = Buffer.from(list[which] ?? u8())
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      const start = cut === null ? bytes : bytes.subarray(0, cut)
      return twice === null ? start : Buffer.concat([start, bytes.subarray(...twice)])
    })
}

/** Asks for everything there is and holds it to its bounds. */
function examine(bytes: Uint8Array): void {
  const side = decodeTls(bytes)
  if (side === undefined) return
  if (!side.complete) expect(side.needed).toBeGreaterThan(bytes.length)
  for (const document of [
    tlsFields(side, undefined, der => cache.get(der)),
    tlsFields(undefined, side, der => cache.get(der)),
  ]) {
    expect(JSON.stringify(document).length).toBeLessThan(200_000)
    expect(fieldFaults('tls', document.tls)).toEqual([])
  }
  expect(side.hello?.sessionId.length ?? 0).toBeLessThanOrEqual(510)
}

describe('TLS', () => {
  test('fuzz: changed bytes always give an answer within bounds', { timeout: patience }, () => {
    fc.assert(fc.property(mutations(seeds), examine), effort(3000))
  })

  test('fuzz: so does noise behind a record header', { timeout: patience }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(1, 2, 11), (noise, type) => {
        examine(concat(u8(22, 3, 3, 1, 0, type, 0, 1, 0), noise))
        examine(noise)
      }),
      effort(1500),
    )
  })

  test('a flight longer than is looked at is read up to the bound', () => {
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([22, 3, 1, 0, 0])))
    expect(decodeTls(Buffer.concat([many, seeds[0] ?? u8()]))?.role).toBeUndefined()
  })
})

describe('QUIC', () => {
  test('fuzz: changed datagrams always give an answer within bounds', { timeout: patience }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(mutations(datagrams), fc.boolean()), { minLength: 1, maxLength: 6 }),
        list => {
          const assembler = new QuicAssembler<string>()
          for (const [bytes, fromResponder] of list) {
            const news = assembler.datagram('a', fromResponder, bytes, 0)
            if (news === undefined) continue
            expect(news.offeredVersions.length).toBeLessThanOrEqual(32)
            expect(JSON.stringify(quicFields(news)).length).toBeLessThan(50_000)
          }
          expect(assembler.bytes).toBeLessThanOrEqual(2 * 16_384)
          assembler.clear()
        },
      ),
      effort(1000),
    )
  })

  test('fuzz: what a sender can encrypt himself is no safer, and no more harmful', {
    timeout: patience,
  }, () => {
    const frames = [crypto(0, clientHello({ sni: 'a.example' })), crypto(7, postQuantumHello())]
    fc.assert(
      fc.property(mutations(frames), payload => {
        const assembler = new QuicAssembler<string>()
        const datagram = initial({ frames: payload.subarray(0, 4000) })
        const news = assembler.datagram('a', false, datagram, 0)
        if (news !== undefined) quicFields(news)
        assembler.clear()
      }),
      effort(1000),
    )
  })

  test('fuzz: handshake messages of any bytes give an answer', { timeout: patience }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const { clientHello: hello } = readHandshake(bytes, QUIC)
        expect(hello?.ja4 ?? hello?.serverName ?? '').toBeTypeOf('string')
      }),
      effort(1500),
    )
  })
})
