import { once } from 'node:events'
import {
  connect,
  createServer,
  type SecureVersion,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeTls } from '../../src/protocols/tls.ts'
import { tlsFields } from '../../src/protocols/tls-fields.ts'
import { cipherName } from '../../src/protocols/tls-names.ts'
import { CertificateCache } from '../../src/protocols/x509.ts'
import { fieldFaults } from './ecs.ts'
import {
  close,
  identity,
  listen,
  openssl,
  opensslClient,
  opensslServer,
  scratchFolder,
  tap,
} from './loopback.ts'

const scratch = scratchFolder()
afterAll(() => scratch[Symbol.dispose]())
const rsa = identity(scratch.path, 'rsa:2048')
const ec = identity(scratch.path, 'ec:prime256v1')
const cache = new CertificateCache()
const OLD = 'ALL:@SECLEVEL=0'

const versions: [SecureVersion, string][] = [
  ['TLSv1', '1.0'],
  ['TLSv1.1', '1.1'],
  ['TLSv1.2', '1.2'],
  ['TLSv1.3', '1.3'],
]

async function nodeServer(options: TlsOptions) {
  const server = createServer({ ...options }, socket => socket.end('bye'))
  server.on('tlsClientError', () => undefined)
  const port = await listen(server)
  return { port, [Symbol.asyncDispose]: () => close(server) }
}

async function secured(socket: TLSSocket): Promise<void> {
  await once(socket, 'secureConnect')
  socket.resume()
}

describe.each(versions)('Node with %s', (version, number) => {
  test.each([
    ['RSA', rsa],
    ['ECDSA', ec],
  ])('a handshake with an %s certificate is read as both ends see it', async (_, { key, cert }) => {
    const ALPNProtocols = ['h2', 'http/1.1']
    const bounds = { minVersion: version, maxVersion: version, ciphers: OLD }
    await using server = await nodeServer({ key, cert, ALPNProtocols: ['h2'], ...bounds })
    await using wire = await tap(server.port)
    const servername = 'server.example'
    const options = { port: wire.port, servername, ALPNProtocols, ca: [cert], ...bounds }
    const socket = connect({ ...options, host: '127.0.0.1', checkServerIdentity: () => undefined })
    await secured(socket)
    const truth = {
      cipher: socket.getCipher().standardName,
      group: (socket.getEphemeralKeyInfo() as { name?: string }).name,
      peer: socket.getPeerX509Certificate(),
    }
    await once(socket, 'close')

    const client = decodeTls(wire.client())
    const answer = decodeTls(wire.server())
    const fields = tlsFields(client, answer, der => cache.get(der))
    expect(client).toMatchObject({ role: 'client', complete: true })
    expect(answer).toMatchObject({ role: 'server', complete: true })
    expect(fields.tls).toMatchObject({
      version: number,
      version_protocol: 'tls',
      cipher: truth.cipher,
      client: { server_name: servername, ja3: expect.stringMatching(/^[0-9a-f]{32}$/) },
      resumed: false,
      established: true,
    })
    expect(fields.orthrusTls).toMatchObject({ alpn: ALPNProtocols, ech: false })
    expect(curveNames.get(String(fields.tls['curve'])) ?? fields.tls['curve']).toBe(truth.group)
    const hidden = version === 'TLSv1.3'
    expect(fields.tls['next_protocol']).toBe(hidden ? undefined : 'h2')
    expect(answer?.certificates).toHaveLength(hidden ? 0 : 1)
    if (!hidden) {
      const sha256 = truth.peer?.fingerprint256.replaceAll(':', '')
      expect(fields.tls).toMatchObject({ server: { hash: { sha256 } } })
      expect(fields.orthrusTls).toMatchObject({ self_signed: true, certificates: 1 })
    }
    expect(fieldFaults('tls', fields.tls)).toEqual([])
  })
})

// OpenSSL's names of the curves that TLS names otherwise.
const curveNames = new Map([
  ['x25519', 'X25519'],
  ['secp256r1', 'prime256v1'],
])

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('resumption with %s', version => {
  test('is told from a full handshake', async () => {
    const bounds = { minVersion: version, maxVersion: version }
    await using server = await nodeServer({ ...rsa, ...bounds })
    await using wire = await tap(server.port)
    const options = { port: wire.port, host: '127.0.0.1', rejectUnauthorized: false, ...bounds }
    const first = connect(options)
    const session = once(first, 'session')
    await secured(first)
    const [ticket] = (await session) as [Buffer]
    if (!first.closed) await once(first, 'close')
    const full = tlsFields(decodeTls(wire.client()), decodeTls(wire.server()), der =>
      cache.get(der),
    )
    expect(full.tls['resumed']).toBe(false)

    const second = connect({ ...options, session: ticket })
    await secured(second)
    expect(second.isSessionReused()).toBe(true)
    await once(second, 'close')
    const client = decodeTls(wire.client())
    const again = tlsFields(client, decodeTls(wire.server()), der => cache.get(der))
    expect(again.tls).toMatchObject({ resumed: true, established: true })
    const offer = version === 'TLSv1.3' ? { psk: true } : { session_ticket: true }
    expect(again.orthrusTls).toMatchObject(offer)
  })
})

test('a group that the server does not take leads to a HelloRetryRequest', async () => {
  await using server = await nodeServer({ ...rsa, ecdhCurve: 'P-384', minVersion: 'TLSv1.3' })
  await using wire = await tap(server.port)
  const options = { port: wire.port, host: '127.0.0.1', rejectUnauthorized: false }
  const socket = connect({ ...options, ecdhCurve: 'X25519:P-384' })
  await secured(socket)
  await once(socket, 'close')
  const client = decodeTls(wire.client())
  const answer = decodeTls(wire.server())
  expect(client?.hello?.keyShares).toEqual([29])
  expect(client?.secondHello?.keyShares).toEqual([24])
  expect(answer?.helloRetry?.group).toBe(24)
  const { tls, orthrusTls } = tlsFields(client, answer, der => cache.get(der))
  expect(tls).toMatchObject({ version: '1.3', curve: 'secp384r1' })
  expect(orthrusTls).toMatchObject({ hello_retry: true })
})

test('a refused version leaves the alert', async () => {
  await using server = await nodeServer({ ...rsa, minVersion: 'TLSv1.3' })
  await using wire = await tap(server.port)
  const options = { port: wire.port, host: '127.0.0.1', rejectUnauthorized: false }
  const socket = connect({ ...options, maxVersion: 'TLSv1.2' })
  await once(socket, 'error')
  const answer = decodeTls(wire.server())
  expect(answer).toMatchObject({ role: undefined, alert: { level: 2, description: 70 } })
  const { tls, orthrusTls } = tlsFields(decodeTls(wire.client()), answer, der => cache.get(der))
  expect(tls).toMatchObject({ established: false })
  expect(orthrusTls).toMatchObject({ alert: { description: 'protocol_version' } })
})

describe('openssl s_client and s_server', () => {
  test.each([
    ['-tls1', '1.0', 'TLSv1'],
    ['-tls1_1', '1.1', 'TLSv1.1'],
    ['-tls1_2', '1.2', 'TLSv1.2'],
    ['-tls1_3', '1.3', 'TLSv1.3'],
  ])('%s gives the version and cipher that openssl prints', async (flag, number, printed) => {
    const files = ['-key', rsa.keyFile, '-cert', rsa.certFile]
    await using server = await opensslServer([...files, '-cipher', OLD])
    await using wire = await tap(server.port)
    const name = ['-servername', 'openssl.example', '-alpn', 'imap,pop3']
    const text = await opensslClient(wire.port, [flag, '-cipher', OLD, ...name])
    expect(text).toContain(`Protocol version: ${printed}`)
    const fields = tlsFields(decodeTls(wire.client()), decodeTls(wire.server()), der =>
      cache.get(der),
    )
    expect(fields.tls).toMatchObject({
      version: number,
      client: { server_name: 'openssl.example' },
    })
    const cipher = /Ciphersuite: (\S+)/.exec(text)?.[1] ?? ''
    expect(standardNames().get(cipher)).toBe(fields.tls['cipher'])
    expect(fields.orthrusTls).toMatchObject({ alpn: ['imap', 'pop3'] })
  })

  test('every suite that openssl knows has the name it gives it', () => {
    for (const [number, name] of suiteNumbers()) expect(cipherName(number)).toBe(name)
  })
})

function suiteLines(): string[] {
  const text = opensslText('ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0')
  return text.trim().split('\n')
}

function opensslText(...args: string[]): string {
  return openssl(...args).toString()
}

function standardNames(): Map<string, string> {
  return new Map(
    suiteLines()
      .map(line => parts(line))
      .map(([, standard, own]) => [own, standard]),
  )
}

function suiteNumbers(): [number, string][] {
  return suiteLines()
    .map(line => parts(line))
    .map(([number, standard]) => [number, standard])
}

/** `0xC0,0x2F - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 - ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 …` */
function parts(line: string): [number, string, string] {
  const [codes = '', standard = '', rest = ''] = line.trim().split(/\s+- /)
  const number = codes.split(',').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  return [number, standard, rest.split(/\s+/)[0] ?? '']
}
