import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MessageEvent } from '../../src/decode/message.ts'
import { l7 } from '../../src/decode/record.ts'
import { isRoot } from '../capture/support/root.ts'
import * as p from '../generate/packets.ts'
import { missing, newEnds } from './support/delivery.ts'
import { hostProbe, isMessage, kernelProbe, type Probe } from './support/probe.ts'

const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com' }))
const get = (target: string) => p.httpRequest({ target })
const post = (size: number) =>
  p.httpRequest({ method: 'POST', target: '/form', headers: { 'Content-Length': `${size}` } })

/** Several messages on one side of a conversation, one after the other. */
describe.each([
  ['library', hostProbe],
  ['kernel', kernelProbe],
] as const)('streams through the %s', (where, open) => {
  describe.skipIf(where === 'kernel' && !isRoot)('', () => {
    let probe: Probe
    beforeAll(() => {
      probe = open()
    })
    afterAll(() => probe[Symbol.dispose]())

    test('requests of a keep-alive connection, bodies between them', () => {
      const heads = Array.from({ length: 12 }, (_, i) => (i % 3 ? post(500 + i) : get(`/${i}`)))
      const parts = heads.flatMap((head, i) =>
        i % 3 ? [p.concat(head, p.fill(500 + i, 97))] : [head],
      )
      expectAll(probe, 80, parts, heads)
    })

    test('a request behind an upload of 100 KB', () => {
      const parts = [post(100_000), ...Array<Uint8Array>(100).fill(p.fill(1000, 98)), get('/next')]
      expectAll(probe, 80, parts, [post(100_000), get('/next')])
    })

    test('responses with bodies in the same segment', () => {
      const heads = Array.from({ length: 9 }, (_, i) => p.httpResponse({ status: 200 + i }))
      const parts = heads.map((head, i) => p.concat(head, p.fill(900, 65 + i)))
      expectAll(probe, 80, parts, heads)
    })

    test('DNS messages over TCP, one a segment', () => {
      const queries = Array.from({ length: 20 }, (_, i) => p.overTcp(p.dnsQuery(`n${i}.example`)))
      expectAll(probe, 53, queries, queries)
    })

    test('DNS messages over TCP in one segment, and across segments', () => {
      const queries = Array.from({ length: 30 }, (_, i) => p.overTcp(p.dnsQuery(`n${i}.example`)))
      const all = p.concat(...queries)
      expectAll(probe, 53, [all], [all])
      for (const size of [1, 2, 3, 20, 100]) {
        const parts = p.segmentEvery(all.subarray(0, 35 * size), size).map(({ bytes }) => bytes)
        expectAll(probe, 53, parts, parts)
      }
    })

    test('TLS behind STARTTLS, CONNECT and SOCKS', () => {
      const text = (...lines: string[]) => lines.map(line => p.raw(line))
      const smtp = text('EHLO me\r\n', 'STARTTLS\r\n')
      const imap = text('a1 CAPABILITY\r\n', 'a2 NOOP\r\n', 'a3 STARTTLS\r\n')
      const connect = [p.raw('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n')]
      const socks = [p.u8(5, 1, 0), p.concat(p.u8(5, 1, 0, 3, 11), 'example.com', p.u16(443))]
      for (const before of [smtp, imap, connect, socks]) {
        expectAll(probe, 25, [...before, hello], [hello], l7.L7_TLS)
        const big = p.tlsRecords(p.bigHello())
        const parts = p.segmentEvery(big, 1400).map(({ bytes }) => bytes)
        expectAll(probe, 25, [...before, ...parts], [big])
      }
    })

    test('a hello in the sixteenth segment is found, in the seventeenth not', () => {
      const lines = Array.from({ length: 15 }, (_, i) => p.raw(`250 line ${i} of a greeting\r\n`))
      expectAll(probe, 25, [...lines, hello], [hello], l7.L7_TLS)
      expect(copies(probe, 25, [...lines, p.raw('250 one more\r\n'), hello])).toEqual([])
    })

    test('a hello after segments that never came', () => {
      const found = copies(probe, 443, [p.raw('some text\r\n'), undefined, hello], 5000)
      expect(missing(hello, 1001 + 11 + 5000, found)).toBeUndefined()
      expect(found.at(-1)).toMatchObject({ l7: l7.L7_TLS })
    })

    test('data of the SYN (TCP Fast Open)', () => {
      const { client, server } = newEnds(443)
      const ports = { srcPort: client.port, dstPort: 443 }
      const first = hello.subarray(0, 100)
      const send = (seq: number, flags: number, bytes: Uint8Array) =>
        probe.feed(
          p.ethernet(
            {},
            p.ipv4({ src: client.ip, dst: server.ip }, p.tcp({ ...ports, seq, flags }, bytes)),
          ),
        )
      send(1000, p.SYN, first)
      send(1101, p.ACK, hello.subarray(100))
      expect(missing(hello, 1001, messages(probe))).toBeUndefined()
    })

    test('nothing is copied of what is not known', () => {
      const parts = Array.from({ length: 40 }, (_, i) => p.noise(1000, i + 1))
      expect(copies(probe, 9999, parts)).toEqual([])
    })

    test('copies stop: application data behind the handshake is not user space’s business', () => {
      const data = p.concat(p.u8(23, 3, 3), p.u16(1200), p.noise(1200, 3))
      const parts = [hello, ...Array<Uint8Array>(30).fill(data)]
      const bytes = copies(probe, 443, parts).reduce((sum, copy) => sum + copy.bytes.length, 0)
      expect(bytes).toBe(hello.length)
      const flight = p.serverFlight()
      const answer = copies(probe, 443, [flight, ...Array<Uint8Array>(30).fill(data)])
      expect(answer.reduce((sum, copy) => sum + copy.bytes.length, 0)).toBe(flight.length)
    })
  })
})

/** Sends the parts in order from the client's side; a part that is undefined is a gap of `gap` bytes. */
function copies(
  probe: Probe,
  port: number,
  parts: readonly (Uint8Array | undefined)[],
  gap = 0,
): MessageEvent[] {
  const { client, server } = newEnds(port)
  const segments: p.Segment[] = []
  let offset = 0
  for (const bytes of parts) {
    if (bytes) segments.push({ offset, bytes })
    offset += bytes?.length ?? gap
  }
  const turn = { from: 'client', bytes: new Uint8Array(offset), segments } as const
  for (const frame of p.tcpConversation({ client, server, teardown: 'none' }, [turn])) {
    probe.feed(frame)
  }
  return messages(probe)
}

function messages(probe: Probe): MessageEvent[] {
  return probe.events().filter(isMessage)
}

/** Every one of `wanted`, which stand in the stream in this order, is copied. */
function expectAll(
  probe: Probe,
  port: number,
  parts: readonly Uint8Array[],
  wanted: readonly Uint8Array[],
  kind?: number,
): void {
  const found = copies(probe, port, parts)
  const stream = Buffer.from(p.concat(...parts))
  let from = 0
  for (const [i, message] of wanted.entries()) {
    const at = stream.indexOf(message, from)
    expect(at, `message ${i} is not in the stream`).toBeGreaterThanOrEqual(0)
    expect(missing(message, 1001 + at, found), `message ${i}`).toBeUndefined()
    from = at + message.length
  }
  if (kind !== undefined) expect(found.at(-1)).toMatchObject({ l7: kind })
}
