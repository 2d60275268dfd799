import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type SecureVersion } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ProtocolEvent } from '../../src/protocols/protocol.ts'
import { type TlsEvent } from '../../src/protocols/tls-events.ts'
import { isRoot } from '../capture/support/root.ts'
import * as p from '../generate/packets.ts'
import { newEnds } from '../kernel/support/delivery.ts'
import { hostProbe, kernelProbe, type Probe } from '../kernel/support/probe.ts'
import { documentsOf, eventsOf } from './chain.ts'
import {
  close,
  identity,
  listen,
  opensslClient,
  opensslServer,
  scratchFolder,
  tap,
  type Wire,
} from './loopback.ts'

// Real handshakes, their bytes sent through the sensor in segments of every order.

const scratch = scratchFolder()
afterAll(() => scratch[Symbol.dispose]())
const rsa = identity(scratch.path, 'rsa:2048')
const OLD = 'ALL:@SECLEVEL=0'

describe.each([
  ['library', hostProbe],
  ['kernel', kernelProbe],
] as const)('through the %s', (where, open) => {
  describe.skipIf(where === 'kernel' && !isRoot)('', () => {
    let probe: Probe
    beforeAll(() => {
      probe = open()
    })
    afterAll(() => probe[Symbol.dispose]())

    /** The events of both sides of a connection, sent as `cut` says. */
    function events(wire: Wire, cut: (bytes: Uint8Array) => p.Segment[]): TlsEvent[] {
      const { client, server } = newEnds(443)
      const turn = (from: p.Turn['from'], bytes: Uint8Array): p.Turn => {
        return { from, bytes, segments: cut(bytes) }
      }
      const [hello, finished] = flights(wire.client())
      const [flight, rest] = flights(wire.server())
      const frames = p.tcpConversation({ client, server }, [
        turn('client', hello),
        turn('server', flight),
        turn('client', finished),
        turn('server', rest),
      ])
      return eventsOf(probe, frames).events.filter(isTls)
    }

    /** The documents of the connection in one order, which are those of all others too. */
    function documents(wire: Wire): Record<string, unknown>[] {
      const plain = events(wire, bytes => p.segmentEvery(bytes, 1400))
      expect(plain.map(({ action }) => action)).toEqual(['tls-client-hello', 'tls-server-hello'])
      for (let seed = 1; seed <= 40; seed++) {
        const size = 60 + 47 * seed
        const other = events(wire, bytes => p.reorder(p.segmentEvery(bytes, size), seed))
        expect({ seed, said: documentsOf(other) }).toEqual({ seed, said: documentsOf(plain) })
      }
      return documentsOf(plain).map(text => JSON.parse(text) as Record<string, unknown>)
    }

    test.each([
      ['TLSv1', '1.0'],
      ['TLSv1.1', '1.1'],
      ['TLSv1.2', '1.2'],
      ['TLSv1.3', '1.3'],
    ] as [SecureVersion, string][])('Node with %s', async (version, number) => {
      const bounds = { minVersion: version, maxVersion: version, ciphers: OLD }
      const server = createServer({ ...rsa, ALPNProtocols: ['h2'], ...bounds }, socket =>
        socket.end('bye'),
      )
      await using wire = await tap(await listen(server))
      const options = { port: wire.port, host: '127.0.0.1', rejectUnauthorized: false }
      const socket = connect({
        ...options,
        servername: 'a.example',
        ALPNProtocols: ['h2'],
        ...bounds,
      })
      await once(socket, 'secureConnect')
      socket.resume()
      const cipher = socket.getCipher().standardName
      await once(socket, 'close')
      await close(server)
      const [, second] = documents(wire)
      expect(second).toMatchObject({
        tls: { version: number, cipher, client: { server_name: 'a.example' } },
      })
    })

    test.each([
      ['-tls1', '1.0'],
      ['-tls1_1', '1.1'],
      ['-tls1_2', '1.2'],
      ['-tls1_3', '1.3'],
    ])('openssl with %s', async (flag, number) => {
      const files = ['-key', rsa.keyFile, '-cert', rsa.certFile, '-cipher', OLD]
      await using server = await opensslServer(files)
      await using wire = await tap(server.port)
      const name = ['-servername', 'openssl.example']
      await opensslClient(wire.port, [flag, '-cipher', OLD, ...name])
      const [first, second] = documents(wire)
      const client = { server_name: 'openssl.example' }
      expect(first).toMatchObject({ tls: { client } })
      expect(second).toMatchObject({ tls: { version: number, client } })
    })
  })
})

function isTls(event: ProtocolEvent): event is TlsEvent {
  return event.kind === 'tls'
}

/**
 * What a side says before it has heard the other, and the rest: a side's handshake records are one
 * flight, but TLS 1.3 goes on behind its ServerHello at once.
 */
function flights(bytes: Buffer): [Uint8Array, Uint8Array] {
  let at = 0
  const isHello = bytes[5] === 1
  while (bytes[at] === p.HANDSHAKE) {
    at += 5 + bytes.readUInt16BE(at + 3)
    if (isHello) break
  }
  const whole = !isHello && bytes.subarray(0, at).indexOf(SUPPORTED_VERSION_1_3) > 0
  const end = whole ? bytes.length : at
  return [Uint8Array.from(bytes.subarray(0, end)), Uint8Array.from(bytes.subarray(end))]
}

/** The extension of a ServerHello that says TLS 1.3 (RFC 8446 4.2.1). */
const SUPPORTED_VERSION_1_3 = Buffer.from('002b00020304', 'hex')

const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap(name => [`/usr/bin/${name}`, `/usr/local/bin/${name}`])
  .find(path => existsSync(path))
if (chromium === undefined) process.stderr.write('\n*** no Chromium: its hello is SKIPPED ***\n\n')

describe.skipIf(chromium === undefined)('Chromium', () => {
  test('its post-quantum hello in segments of any order', { timeout: 60_000 }, async () => {
    using probe = hostProbe()
    const server = createServer({ ...rsa })
    server.on('tlsClientError', () => undefined)
    await using wire = await tap(await listen(server))
    const browser = spawn(
      chromium ?? '',
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'],
        ...[`--user-data-dir=${scratch.path}/profile`, '--host-resolver-rules=MAP * 127.0.0.1'],
        `https://chromium.example:${wire.port}/`,
      ],
      { stdio: 'ignore', detached: true },
    )
    await expect.poll(() => wire.server().length, { timeout: 50_000 }).toBeGreaterThan(0)
    const [hello] = flights(wire.client())
    // The whole group: it has many processes.
    process.kill(-(browser.pid ?? 0), 'SIGKILL')
    await once(browser, 'close')
    expect(hello.length).toBeGreaterThan(1500)
    const said = (segments: readonly p.Segment[]) => {
      const { client, server: far } = newEnds(443)
      const turns = [{ from: 'client', bytes: hello, segments } as const]
      const { events } = eventsOf(probe, p.tcpConversation({ client, server: far }, turns))
      return documentsOf(events)
    }
    const whole = said(p.segmentEvery(hello, 1400))
    expect(whole).toHaveLength(1)
    expect(whole[0]).toContain('"server_name":"chromium.example"')
    expect(whole[0]).toMatch(/"ja4":"t13d/)
    for (let size = 100; size < 1400; size += 50) {
      expect(said(p.reorder(p.segmentEvery(hello, size), size))).toEqual(whole)
    }
  })
})
