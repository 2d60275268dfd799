import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Fields } from '../../src/alerts/ecs/document.ts'
import { cipherName } from '../../src/protocols/tls-names.ts'
import { isRoot } from '../capture/support/root.ts'
import { identity, scratchFolder } from '../protocols/loopback.ts'
import { Lab } from './support/lab.ts'
import {
  browse,
  nodePeer,
  OpensslServer,
  opensslPeer,
  type Report,
  scriptFromPeer,
  serverName,
} from './support/peers.ts'
import { Watcher } from './support/watcher.ts'

// Real clients and servers at the two ends of a wire that the kernel program watches: what the sensor
// says of a connection is what its ends say.

const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap(name => [`/usr/bin/${name}`, `/usr/local/bin/${name}`])
  .find(path => existsSync(path))
if (chromium === undefined) process.stderr.write('\n*** no Chromium: it is SKIPPED ***\n\n')

const scratch = scratchFolder()
afterAll(() => scratch[Symbol.dispose]())
const rsa = identity(scratch.path, 'rsa:2048')
const ec = identity(scratch.path, 'ec:prime256v1')

describe.skipIf(!isRoot)('on a wire', () => {
  let lab: Lab
  let watcher: Watcher

  beforeAll(async () => {
    lab = new Lab()
    // No segment longer than the wire takes: what is too long for one is split before it is seen.
    lab.peer.ip('link', 'set', 'p0', 'gso_max_segs', '1')
    watcher = await Watcher.open(lab)
  })
  // The kernel may give a later server the port of an earlier one.
  beforeEach(() => {
    watcher.documents.length = 0
  })
  afterAll(async () => {
    await watcher?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
  })

  const versions = [
    ['1.0', '-tls1', 'TLSv1'],
    ['1.1', '-tls1_1', 'TLSv1.1'],
    ['1.2', '-tls1_2', 'TLSv1.2'],
    ['1.3', '-tls1_3', 'TLSv1.3'],
  ] as const

  describe.each([
    ['RSA', rsa],
    ['ECDSA', ec],
  ] as const)('TLS with an %s certificate', (_, pair) => {
    test.each(versions)(
      '%s of openssl is told as both ends tell it',
      async (version, flag, own) => {
        await using server = await OpensslServer.open(lab, pair)
        const report = await opensslPeer(lab, server.port, flag)
        expect(report.protocol).toBe(own)
        await agree(server, report, version)
      },
    )

    test.each(versions)('%s of Node is told as both ends tell it', async (version, _flag, own) => {
      await using server = await OpensslServer.open(lab, pair)
      const report = await nodePeer(lab, server.port, own)
      expect(report.protocol).toBe(own)
      await agree(server, report, version)
    })
  })

  /** The two documents of the one connection to `server` against what its ends report. */
  async function agree(server: OpensslServer, report: Report, version: string): Promise<void> {
    const { certificate } = report
    const [first] = await watcher.actions(server.port, 'tls-client-hello')
    const [second] = await watcher.actions(server.port, 'tls-server-hello')
    expect(server.hostnames).toEqual([serverName])
    const [hello] = server.hellos
    const client = { server_name: hello?.sni, ja3: hello?.ja3 }
    const offer = { tls: { client }, orthrus: { tls: { ja4: hello?.ja4, alpn: hello?.alpn } } }
    expect(first).toMatchObject(offer)
    expect(first).not.toHaveProperty('tls.version')
    expect(second).toMatchObject({
      ...offer,
      tls: { client, version, version_protocol: 'tls', cipher: report.cipher, resumed: false },
    })
    expect(second).toHaveProperty('tls.established', true)
    // TLS 1.3 encrypts what else the server says.
    if (version === '1.3') {
      expect(second).not.toHaveProperty('tls.next_protocol')
      expect(second).not.toHaveProperty('tls.server.hash')
      return
    }
    expect(second).toHaveProperty('tls.next_protocol', report.alpn)
    expect(second).toMatchObject({
      tls: {
        server: {
          hash: { sha256: certificate.fingerprint256.replaceAll(':', '') },
          // Node escapes the comma of a value; ECS has no escapes.
          subject: certificate.subject.replaceAll('\n', ', ').replaceAll('\\', ''),
          not_after: new Date(certificate.validTo).toISOString(),
          x509: {
            serial_number: certificate.serialNumber,
            subject: { common_name: [/CN=(.*)/.exec(certificate.subject)?.[1]] },
          },
        },
      },
    })
  }

  describe.skipIf(chromium === undefined)('Chromium', () => {
    test('is told as it tells it itself, its hello over two segments', {
      timeout: 120_000,
    }, async () => {
      await using server = await OpensslServer.open(lab, ec)
      const own = await browse(chromium ?? '', lab, server.port, scratch.path)
      expect(own).toMatchObject({ version: 'TLS 1.3' })
      const { hellos } = server
      const first = await watcher.actions(server.port, 'tls-client-hello', hellos.length)
      const second = await watcher.actions(server.port, 'tls-server-hello', hellos.length)
      // Its connections differ in the order of extensions, and so by JA3.
      const told = hellos.map(({ sni, ja3, ja4 }) => `${sni} ${ja3} ${ja4}`).sort()
      expect(hellos.map(({ size }) => size > SEGMENT)).not.toContain(false)
      expect(hellos.map(({ sni }) => sni)).toContain(serverName)
      expect(first.map(offer).sort()).toEqual(told)
      expect(second.map(offer).sort()).toEqual(told)
      for (const one of second) {
        expect(one).toMatchObject({
          tls: { version: '1.3', cipher: cipherName(own.cipher_suite), established: true },
        })
      }
    })
  })

  test('HTTP is told as the parser of Node understood it', async () => {
    const heard: Heard[] = []
    const server = createServer((question, answer) => {
      const { method, url, httpVersion, rawHeaders, headers } = question
      heard.push({
        method,
        url,
        httpVersion,
        names: even(rawHeaders),
        agent: headers['user-agent'],
      })
      question.resume().on('end', () => {
        answer.writeHead(heard.length === 2 ? 404 : 200, { 'Content-Type': 'text/plain' })
        answer.end('x'.repeat(2000 * heard.length))
      })
    })
    lab.home.inside(() => server.listen(0))
    const { port } = server.address() as AddressInfo
    const statuses: unknown = JSON.parse(await scriptFromPeer(lab, requests, [`${port}`]))
    const asked = await watcher.actions(port, 'http-request', heard.length)
    const answered = await watcher.actions(port, 'http-response', heard.length)
    server.close()
    expect(heard).toHaveLength(5)
    expect(asked.map(heardOf)).toEqual(heard)
    expect(answered.map(heardOf)).toEqual(heard.map(one => ({ ...one, names: expect.any(Array) })))
    expect(answered.map(one => at(one, 'http', 'response', 'status_code'))).toEqual(statuses)
  })
})

/** Payload of the longest TCP segment that the wire takes. */
const SEGMENT = 1460

/** Over one connection: methods, long heads, bodies, and an agent that is silent about itself. */
const requests = `
const { request, Agent } = require('node:http')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const ask = (method, path, headers, body) => new Promise(resolve => {
  const options = { host: '192.0.2.1', port: process.argv[1], agent, method, path, headers }
  request(options, answer => answer.resume().on('end', () => resolve(answer.statusCode))).end(body)
})
const long = Object.fromEntries(Array.from({ length: 40 }, (_, i) => ['X-Header-' + i, 'v'.repeat(60)]))
const all = [
  ['GET', '/a?b=c', { 'User-Agent': 'one/1.0' }],
  ['POST', '/form', { 'User-Agent': 'two/2.0', 'Content-Type': 'text/plain' }, 'y'.repeat(5000)],
  ['PROPFIND', '/dav/', { 'User-Agent': 'three', Depth: '1' }],
  ['GET', '/' + 'long/'.repeat(200), { 'User-Agent': 'four', ...long }],
  ['DELETE', '/%C3%A4', { Accept: '*/*' }],
]
;(async () => {
  const statuses = []
  for (const one of all) statuses.push(await ask(...one))
  console.log(JSON.stringify(statuses))
  agent.destroy()
})()`

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly httpVersion: unknown
  readonly names: unknown
  readonly agent: unknown
}

function even(list: readonly string[]): string[] {
  return list.filter((_, i) => i % 2 === 0)
}

function heardOf(document: Fields): Heard {
  return {
    method: text(at(document, 'http', 'request', 'method')),
    url: text(at(document, 'url', 'original')),
    httpVersion: at(document, 'http', 'version'),
    names: at(document, 'orthrus', 'http', 'header_names'),
    agent: at(document, 'user_agent', 'original'),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The value of a nested field. */
function at(document: unknown, ...path: readonly string[]): unknown {
  return path.reduce((part, name) => Reflect.get(Object(part), name), document)
}

function offer(document: Fields): string {
  const client = ['server_name', 'ja3'].map(name => at(document, 'tls', 'client', name))
  return [...client, at(document, 'orthrus', 'tls', 'ja4')].join(' ')
}
