import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type SinkError } from '../../src/sinks/sink.ts'
import { temporaryDirectory } from '../storage/open.ts'
import { alert, hostile } from './alert.ts'
import { authority, bothSides, pem } from './support/certificates.ts'
import { configured, openSink } from './support/open.ts'
import { type Received, startReceiver } from './support/receiver.ts'

const local = { allow_http: true, allow_private: true }
const open = (url: string, more: object = {}) => openSink('webhook', { url, ...local, ...more })
const reference = (inside: string) => `\${${inside}}`
const only = ([one]: readonly Received[]): Received => {
  if (one === undefined) throw new Error('nothing was received')
  return one
}
afterEach(() => vi.unstubAllEnvs())

describe('webhook', () => {
  test('sends each alert as its document, with its id', async () => {
    const { url, received } = await startReceiver()
    const sink = await open(url)
    await sink.send([alert(1), alert(2)])
    expect(received.map(one => one.body)).toEqual([alert(1).json, alert(2).json])
    expect(received.map(one => one.headers['webhook-id'])).toEqual(['id-1', 'id-2'])
    expect(received[0]).toMatchObject({
      method: 'POST',
      url: '/hook',
      headers: { 'content-type': 'application/json', 'user-agent': 'orthrus' },
    })
    expect(sink.answer?.()).toBe(`${url.replace('/hook', '')} answered 200 ok`)
  })

  test('signs so that openssl comes to the same HMAC, with both secrets of a rotation', async () => {
    const { url, received } = await startReceiver()
    const keys = ['0'.repeat(48), 'abcdef'.repeat(8)].map(hex => Buffer.from(hex, 'hex'))
    const secrets = keys.map(key => `whsec_${key.toString('base64')}`)
    const sink = await open(url, { secrets })
    await sink.send([alert(1, 'ü ☃ \u202e')])
    const { headers, body } = only(received)
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = keys.map(key => {
      const mac = ['-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`, '-binary']
      return `v1,${execFileSync('openssl', ['dgst', '-sha256', ...mac], { input: content }).toString('base64')}`
    })
    expect(headers['webhook-signature']).toBe(expected.join(' '))
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60)
  })

  test('signs with an Ed25519 key so that openssl verifies it', async () => {
    const { url, received } = await startReceiver()
    const pair = generateKeyPairSync('ed25519')
    const seed = Buffer.from(String(pair.privateKey.export({ format: 'jwk' }).d), 'base64url')
    const sink = await open(url, { secrets: [`whsk_${seed.toString('base64')}`] })
    await sink.send([alert(1)])
    const { headers, body } = only(received)
    const folder = temporaryDirectory()
    const file = (name: string, data: string | Buffer) => {
      writeFileSync(join(folder, name), data)
      return join(folder, name)
    }
    const [, signature = ''] = String(headers['webhook-signature']).split('v1a,')
    const args = ['-verify', '-pubin', '-rawin']
    const key = file('key', pair.publicKey.export({ format: 'pem', type: 'spki' }))
    const content = file('in', `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    const sig = file('sig', Buffer.from(signature, 'base64'))
    const said = execFileSync('openssl', [
      'pkeyutl',
      ...args,
      '-inkey',
      key,
      '-in',
      content,
      '-sigfile',
      sig,
    ])
    expect(said.toString()).toContain('Verified Successfully')
  })

  test.each([
    [200, undefined],
    [204, undefined],
    [301, 'configuration'],
    [302, 'configuration'],
    [307, 'configuration'],
    [400, 'permanent'],
    [401, 'configuration'],
    [403, 'configuration'],
    [404, 'configuration'],
    [408, 'transient'],
    [410, 'gone'],
    [413, 'permanent'],
    [422, 'permanent'],
    [425, 'transient'],
    [429, 'transient'],
    [500, 'transient'],
    [501, 'configuration'],
    [502, 'transient'],
    [503, 'transient'],
    [504, 'transient'],
    [505, 'configuration'],
    [522, 'transient'],
  ])('takes an answer of %i as %s', async (status, fault) => {
    const target = await startReceiver()
    const { url, received } = await startReceiver(response =>
      response.writeHead(status, { location: target.url }).end('because'),
    )
    const sink = await open(url)
    const outcome = sink.send([alert(1)])
    if (fault === undefined) await outcome
    else await expect(outcome).rejects.toMatchObject({ fault, status: `${status}` })
    expect(received.length).toBe(1)
    expect(target.received).toEqual([])
  })

  test('tells which of a batch arrived and which are refused', async () => {
    const { url } = await startReceiver((response, { body }) =>
      response.writeHead(body.includes('poison') ? 422 : 200).end('no such field'),
    )
    const sink = await open(url)
    const batch = [alert(1), alert(2, 'poison'), alert(3), alert(4)]
    await expect(sink.send(batch)).rejects.toMatchObject({
      code: 'SINK_REJECTED',
      fault: 'permanent',
      rejected: [batch[1]],
      delivered: expect.arrayContaining([batch[0], batch[2], batch[3]]),
      body: 'no such field',
      message: expect.stringContaining('answered 422: no such field'),
    })
  })

  test('sends a shorter document once where the whole is too large', async () => {
    const { url, received } = await startReceiver((response, { body }) =>
      response.writeHead(body.length > 9000 ? 413 : 200).end(),
    )
    const sink = await open(url)
    const { document } = alert(1)
    const large = { ...document, related: { hosts: Array(4000).fill('host.example') } }
    await sink.send([{ ...alert(1), document: large, json: JSON.stringify(large) }])
    expect(received.length).toBe(2)
    expect(JSON.parse(received[1]?.body ?? '')).toMatchObject({
      event: { id: 'id-1' },
      labels: { truncated: 'true' },
    })
  })

  test.each([
    ['seconds', () => '2', 2000],
    ['a date', () => new Date(Date.now() + 3000).toUTCString(), 3000],
    ['an absurd number', () => '99999999999', 900_000],
    ['the past', () => new Date(0).toUTCString(), 0],
  ])('honours Retry-After as %s for the whole sink', async (_, value, expected) => {
    const { url, received } = await startReceiver(response =>
      response.writeHead(429, { 'retry-after': value() }).end(),
    )
    const sink = await open(url)
    const error = await sink.send([alert(1)]).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ fault: 'transient' })
    const { retryAfter } = error as { retryAfter: number }
    expect(Math.abs(retryAfter - expected)).toBeLessThanOrEqual(1100)
    await expect(sink.send([alert(2)])).rejects.toMatchObject({ fault: 'transient' })
    expect(received.length).toBe(expected === 0 ? 2 : 1)
  })

  test.each([
    ['retry_after in the body of a 429', 429, {}, '{"message":"slow","retry_after": 1.5}', 1500],
    ['a limit that resets', 429, { 'x-ratelimit-reset-after': '2.5' }, '{"retry_after": 1}', 2500],
    ['nothing left after this one', 200, limit('0', '1.25'), 'ok', 1250],
    ['something left', 200, limit('3', '60'), 'ok', 0],
    ['an answer that only looks so', 500, {}, '{"retry_after": 30}', 0],
  ])('waits as Discord asks: %s', async (_, status, headers, text, expected) => {
    const { url, received } = await startReceiver(response =>
      response.writeHead(status, headers).end(text),
    )
    const sink = await open(url)
    await sink.send([alert(1)]).catch(() => undefined)
    const second = sink.send([alert(2)])
    if (expected === 0) {
      await second.catch(() => undefined)
      expect(received.length).toBe(2)
      return
    }
    const error = (await second.catch((caught: unknown) => caught)) as SinkError
    expect(error.fault).toBe('transient')
    expect(error.retryAfter).toBeGreaterThan(expected - 1000)
    expect(error.retryAfter).toBeLessThanOrEqual(expected)
    expect(received.length).toBe(1)
  })

  test('a pause is not a matter of the wall clock', async () => {
    const { url, received } = await startReceiver(response =>
      response.writeHead(429, { 'retry-after': '600' }).end(),
    )
    const sink = await open(url)
    await sink.send([alert(1)]).catch(() => undefined)
    for (const jump of [3_600_000, -3_600_000]) {
      vi.setSystemTime(Date.now() + jump)
      const error = await sink.send([alert(2)]).catch((caught: unknown) => caught)
      vi.useRealTimers()
      expect((error as SinkError).retryAfter).toBeGreaterThan(590_000)
      expect((error as SinkError).retryAfter).toBeLessThanOrEqual(600_000)
    }
    expect(received.length).toBe(1)
  })

  test.each([
    [401, 86_400_000],
    [403, 86_400_000],
    [404, 86_400_000],
    [501, undefined],
    [503, undefined],
  ])('a person has a day for %i', async (status, patience) => {
    const { url } = await startReceiver(response => response.writeHead(status).end())
    await expect((await open(url)).send([alert(1)])).rejects.toMatchObject({ patience })
  })

  test.each(['soon', '-1', ''])('ignores a Retry-After that says %j', async value => {
    const { url } = await startReceiver(response =>
      response.writeHead(503, { 'retry-after': value }).end(),
    )
    const sink = await open(url)
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ retryAfter: undefined })
  })

  test('gives up on a server that drips its answer', async () => {
    const { url } = await startReceiver(response => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const sink = await open(url, { timeout: '300ms' })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      fault: 'transient',
      message: expect.stringContaining('did not answer within 300 ms'),
    })
  })

  test('does not unpack what a server has packed', async () => {
    const bomb = gzipSync(Buffer.alloc(50e6))
    const { url, received } = await startReceiver(response =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    const before = process.memoryUsage.rss()
    const sink = await open(url)
    await sink.send([alert(1), alert(2)])
    expect(received).toHaveLength(2)
    expect(sink.answer?.()).toContain('answered 200')
    expect(process.memoryUsage.rss() - before).toBeLessThan(40e6)
  })

  test('reads no more than it needs of an endless answer', async () => {
    let written = 0
    const { url } = await startReceiver(response => {
      response.writeHead(400)
      const more = () => {
        while (!response.destroyed && written < 64e6 && response.write(Buffer.alloc(65_536, 'x'))) {
          written += 65_536
        }
      }
      response.on('drain', more)
      more()
    })
    const sink = await open(url)
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ body: 'x'.repeat(1024) })
    expect(written).toBeLessThan(32e6)
  })

  test.each([
    ['closes at once', (socket: Socket) => socket.destroy()],
    [
      'resets in the middle of an answer',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () =>
          socket.resetAndDestroy(),
        )
      },
    ],
    ['speaks something else', (socket: Socket) => socket.end('220 mail.example ESMTP\r\n')],
  ])('takes a server that %s as transient', async (_, act) => {
    const server = createServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', () => act(socket))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address() as { port: number }
    const sink = await open(`http://127.0.0.1:${address.port}/`)
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault: 'transient' })
  })

  test('takes nobody listening as transient', async () => {
    const { url, server } = await startReceiver()
    server.close()
    const sink = await open(url)
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      fault: 'transient',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

const limit = (remaining: string, reset: string) => ({
  'x-ratelimit-remaining': remaining,
  'x-ratelimit-reset-after': reset,
})

describe('webhook templates', () => {
  test('puts hostile fields into JSON as values, once, whatever they hold', async () => {
    const { url, received } = await startReceiver()
    const body =
      '{"text":"{{rule.name}}: {{message}}","all":"{{.}}","level":"{{labels.level}}","none":"{{no.such}}","{{message}}":1}'
    const sink = await open(url, { body })
    const texts = [...hostile, '{{event.id}}', '","admin":true,"x":"', '__proto__']
    await sink.send(texts.map((text, index) => alert(index, text)))
    expect(received.length).toBe(texts.length)
    for (const one of received) {
      const said = JSON.parse(one.body) as {
        text: string
        all: { message: string; event: { id: string } }
      }
      const text = texts[Number(said.all.event.id.slice(3))]
      expect(said).toMatchObject({ text: `: ${text}`, level: 'high', none: null, '{{message}}': 1 })
      expect(Object.keys(said)).toHaveLength(5)
    }
  })

  test('writes fields of a form so that URLSearchParams reads them back', async () => {
    const { url, received } = await startReceiver()
    const sink = await open(url, { encoding: 'form', body: 'id={{event.id}}&text={{message}}' })
    await sink.send([alert(1, 'a&b=c d+é\r\n%00')])
    expect([...new URLSearchParams(received[0]?.body)]).toEqual([
      ['id', 'id-1'],
      ['text', 'a&b=c d+é\r\n%00'],
    ])
    expect(received[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
  })

  test('keeps fields in one line of text, and headers in ASCII', async () => {
    const { url, received } = await startReceiver()
    const headers = {
      'X-Title': '{{message}}',
      authorization: `Bearer ${reference('env:ORTHRUS_TEST_TOKEN')}`,
    }
    vi.stubEnv('ORTHRUS_TEST_TOKEN', 'canary-1')
    const sink = await open(url, { encoding: 'text', body: 'Alert: {{message}}', headers })
    await sink.send([alert(1, 'a\r\nx-evil: 1\u202e☃')])
    expect(received[0]?.body).toBe('Alert: a\ufffd\ufffdx-evil: 1\ufffd☃')
    expect(received[0]?.headers).toMatchObject({
      'x-title': 'a??x-evil: 1??',
      authorization: 'Bearer canary-1',
    })
    expect(received[0]?.headers).not.toHaveProperty('x-evil')
  })

  test.each([
    ['no JSON', { body: '{' }, 'no JSON'],
    ['an empty placeholder', { body: '{"a":"{{}}"}' }, '{{rule.name}}'],
    ['code in a placeholder', { body: '{"a":"{{process.exit()}}"}' }, 'is no field'],
    ['a header of ours', { headers: { 'Webhook-Id': 'x' } }, 'not yours to set'],
    ['a header that no server takes', { headers: { 'a b': 'x' } }, '`a b`'],
    ['a secret that is none', { secrets: ['whsec_c2hvcnQ='] }, '24 to 64 bytes'],
  ])('refuses %s', async (_, more, message) => {
    await expect(open('https://hooks.example/', more)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
    })
  })
})

describe('webhook secrets', () => {
  test('come from a private file, and again when it changes', async () => {
    const { url, received } = await startReceiver()
    const path = join(temporaryDirectory(), 'token')
    writeFileSync(path, 'canary-1\n', { mode: 0o600 })
    const sink = await open(url, { headers: { authorization: `Bearer \${file:${path}}` } })
    await sink.send([alert(1)])
    writeFileSync(`${path}.new`, 'canary-two\n', { mode: 0o600 })
    renameSync(`${path}.new`, path)
    await sink.send([alert(2)])
    expect(received.map(one => one.headers.authorization)).toEqual([
      'Bearer canary-1',
      'Bearer canary-two',
    ])
  })

  test('are refused from a file that everybody may read, and from a variable that is not set', async () => {
    const path = join(temporaryDirectory(), 'token')
    writeFileSync(path, 'https://hooks.example/canary')
    chmodSync(path, 0o644)
    await expect(open(`\${file:${path}}`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`chmod o= ${path}`),
    })
    await expect(open(reference('env:ORTHRUS_TEST_UNSET'))).rejects.toMatchObject({
      message: expect.stringContaining('ORTHRUS_TEST_UNSET'),
    })
  })

  test('appear in no log, error or answer', async () => {
    const { url } = await startReceiver((response, received) =>
      response
        .writeHead(400)
        .end(`bad request to http://127.0.0.1${received.url} ${received.headers.host}`),
    )
    const lines: string[] = []
    const path = join(temporaryDirectory(), 'url')
    writeFileSync(path, `${url}/canary-path?token=canary-token`, { mode: 0o600 })
    const options = { url: `\${file:${path}}`, ...local, headers: { 'x-key': 'canary-header' } }
    const sink = await openSink('webhook', options, lines)
    const error = await sink.send([alert(1)]).catch((caught: unknown) => caught)
    const { inspect } = await import('node:util')
    const shown = inspect(error, { depth: 9 }) + JSON.stringify(sink.status?.()) + sink.answer?.()
    expect(shown).toContain('bad request to http://127.0.0.1')
    expect(shown + lines.join('')).not.toMatch(/canary/)
    expect(() => configured('webhook', { url: 'canary-url', nonsense: 'x' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary') }),
    )
  })
})

describe('webhook over TLS', () => {
  const { ca, server, client, both } = bothSides()
  const fingerprint = createHash('sha256')
    .update(
      Buffer.from(readFileSync(server.cert, 'utf8').replace(/-----[^-]*-----|\s/g, ''), 'base64'),
    )
    .digest('hex')

  test('knows the server by its authority and name, and shows its own certificate', async () => {
    const { url, received } = await startReceiver(200, both)
    const sink = await open(url, { tls: { ca: ca.cert, ...client, fingerprint } })
    await sink.send([alert(1)])
    expect(received.length).toBe(1)
    expect(sink.status?.().certificateExpires).toMatch(/^20/)
    expect(sink.status?.().degraded).toBeUndefined()
  })

  const other = authority('another')
  const wrongName = ca.issue('wrong', 'DNS:elsewhere.example')
  test.each([
    ['an authority that is not trusted', both, { ...client }],
    ['another authority', both, { ca: other.cert, ...client }],
    ['another name', { ...both, ...pem(wrongName) }, { ca: ca.cert, ...client }],
    [
      'another certificate than the pinned',
      both,
      { ca: ca.cert, ...client, fingerprint: 'ab'.repeat(32) },
    ],
  ])('refuses %s, and a person must act', async (_, tlsServer, tls) => {
    const { url, received } = await startReceiver(200, tlsServer)
    const sink = await open(url, { tls })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault: 'configuration' })
    expect(received).toEqual([])
  })

  test('does not get through without its certificate', async () => {
    const { url, received } = await startReceiver(200, both)
    const sink = await open(url, { tls: { ca: ca.cert } })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      code: expect.stringMatching(/^SINK_/),
    })
    expect(received).toEqual([])
  })

  test('says when its certificate ends soon, and when it verifies nothing', async () => {
    const { url } = await startReceiver(200, pem(server))
    const soon = ca.issue('soon', 'DNS:client', 3)
    const ending = await open(url, { tls: { ca: ca.cert, ...soon } })
    expect(ending.status?.().degraded).toMatch(/our certificate ends at 20/)
    const lines: string[] = []
    const blind = { url, ...local, tls: { insecure_skip_verify: true } }
    const sink = await openSink('webhook', blind, lines)
    await sink.send([alert(1)])
    expect(sink.status?.().degraded).toBe('certificates are not verified')
    expect(lines.join('')).toContain('insecure_skip_verify')
  })

  test('uses new files without a restart, and keeps the old while they do not fit', async () => {
    const { url, server: tlsServer } = await startReceiver(200, both)
    const folder = temporaryDirectory()
    const [cert, key] = [join(folder, 'cert'), join(folder, 'key')]
    const put = (pair: { cert: string; key: string }) => {
      writeFileSync(cert, readFileSync(pair.cert))
      writeFileSync(key, readFileSync(pair.key), { mode: 0o600 })
    }
    put(client)
    const subjects: string[] = []
    tlsServer.on(
      'secureConnection',
      (socket: { getPeerCertificate(): { subject: { CN: string } } }) => {
        subjects.push(socket.getPeerCertificate().subject.CN)
      },
    )
    const sink = await open(url, { tls: { ca: ca.cert, cert, key } })
    const sendAnew = async (n: number) => {
      tlsServer.closeAllConnections()
      // The pool must have seen the end of its connection.
      await vi.waitFor(() => sink.send([alert(n)]))
    }
    await sendAnew(1)
    writeFileSync(cert, readFileSync(ca.issue('renewed', 'DNS:client').cert))
    await sendAnew(2)
    put(ca.issue('renewed', 'DNS:client'))
    await sendAnew(3)
    expect(subjects[0]).toBe('client')
    expect(subjects.at(-1)).toBe('renewed')
  })

  test('refuses a key that everybody may read', async () => {
    const loose = ca.issue('loose', 'DNS:client')
    chmodSync(loose.key, 0o644)
    await expect(open('https://hooks.example/', { tls: loose })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('chmod o='),
    })
  })
})
