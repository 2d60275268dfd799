import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/config/secret.ts'
import { createLog } from '../../../src/operate/log.ts'
import { openMonitor } from '../../../src/operate/monitor/open.ts'
import { type Snapshot } from '../../../src/operate/monitor/snapshot.ts'
import { accept, down, keeper, names, open, until } from '../../outbox/harness.ts'
import { freePort, until as within } from '../../sinks/support/process.ts'
import { openTemporary } from '../../storage/open.ts'
import { seriesOf } from './promtool.ts'
import { readingsOfOutbox } from './snapshot.ts'

interface Wanted {
  readonly token?: string
  readonly port?: number
  readonly more?: Partial<Snapshot>
}

/** A monitor of an outbox whose only sink is away. */
async function monitored({ token, port, more }: Wanted = {}) {
  const environment = await openTemporary()
  const away = keeper(() => down('canary-of-the-far-side'))
  const outbox = await open(environment, { away })
  const lines: string[] = []
  const log = createLog({ level: 'info', format: 'json', write: line => lines.push(line) })
  const place = {
    host: '127.0.0.1',
    port: port ?? (await freePort()),
    token: token === undefined ? undefined : new Secret(token),
  }
  const readings = readingsOfOutbox(outbox, more)
  const monitor = await openMonitor({ place, readings, log, retryMs: 20 })
  onTestFinished(() => monitor.close())
  return { outbox, away, lines, monitor, port: place.port, url: `http://127.0.0.1:${place.port}` }
}

/** One request with whatever headers, which `fetch` would not send. */
async function ask(url: string, headers: Record<string, string>, method = 'GET') {
  const outgoing = request(url, { method, headers })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode, headers: response.headers, body }
}

describe('the monitor', () => {
  test('answers probes, and a sink that is down is none of their business', async () => {
    const { url, outbox, away } = await monitored()
    await accept(outbox, names(3))
    await until(() => away.state.sends > 5)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect(await (await fetch(`${url}/readyz?verbose=1`)).text()).toBe('ready\n')
  })

  test('tells how each sink is, and nothing that the far side has said', async () => {
    const { url, outbox, away } = await monitored()
    await accept(outbox, names(3))
    await until(() => away.state.sends > 5)
    const response = await fetch(`${url}/status`)
    expect(response.headers.get('content-type')).toBe('application/json')
    const text = await response.text()
    expect(text).not.toContain('canary')
    expect(JSON.parse(text)).toMatchObject({
      health: 'degraded',
      outbox: { health: 'up', waiting: 3 },
      sinks: {
        away: {
          state: 'down',
          pending: 3,
          accepted: 3,
          lastSuccess: '',
          lastErrorClass: 'transient',
          oldestSeconds: expect.any(Number),
        },
      },
      capture: { packets: 0 },
    })
  })

  test('gives Prometheus its metrics', async () => {
    const { url, outbox } = await monitored()
    await accept(outbox, names(3))
    const response = await fetch(`${url}/metrics`)
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const series = seriesOf(await response.text())
    expect(series.get('orthrus_alerts_accepted_total{sink="away"}')).toBe(3)
  })

  test('says that a transaction hangs', async () => {
    const environment = await openTemporary()
    const commits = { ...environment.commits(), underWayMs: 75_000 }
    const { url } = await monitored({ more: { commits } })
    const response = await fetch(`${url}/livez`)
    expect([response.status, await response.text()]).toEqual([
      503,
      'a transaction has not ended for 75 s\n',
    ])
  })

  test('is not ready while the memory cannot be written', async () => {
    const { outbox } = await monitored()
    const { url } = await monitored({ more: { status: { ...outbox.status, health: 'down' } } })
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })

  test.each([
    ['GET', '/', 404, 'there are /livez, /readyz, /status, /metrics'],
    ['GET', '/__proto__', 404, 'there are'],
    ['GET', '/../../etc/passwd', 404, 'there are'],
    ['POST', '/metrics', 405, 'only GET and HEAD'],
    ['DELETE', '/status', 405, 'only GET and HEAD'],
  ])('answers %s %s with %i', async (method, path, status, text) => {
    const { url } = await monitored()
    const answer = await ask(`${url}${path}`, {}, method)
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(text)])
  })

  test('answers HEAD without a body', async () => {
    const { url } = await monitored()
    const answer = await ask(`${url}/livez`, {}, 'HEAD')
    expect(answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '6' } })
  })

  test('without a token answers no page of a browser that was led here by a name', async () => {
    const { url, port } = await monitored()
    for (const host of [`evil.example:${port}`, '10.0.0.1', 'localhost.evil.example']) {
      expect((await ask(`${url}/status`, { host })).status).toBe(403)
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, '127.0.0.9']) {
      expect((await ask(`${url}/status`, { host })).status).toBe(200)
    }
  })

  test('with a token wants to see it, but not of a probe', async () => {
    const token = 'canary-token-0123456789'
    const { url, lines } = await monitored({ token })
    for (const path of ['/status', '/metrics']) {
      const asked = (authorization?: string) =>
        ask(`${url}${path}`, {
          host: 'sensor.example',
          ...(authorization === undefined ? {} : { authorization }),
        })
      expect(await asked()).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
      })
      expect((await asked(`Bearer ${token}x`)).status).toBe(401)
      expect((await asked(`Basic ${token}`)).status).toBe(401)
      const shown = await asked(`bearer ${token}`)
      expect(shown.status).toBe(200)
      expect(shown.body).not.toContain('canary-token')
    }
    expect((await ask(`${url}/livez`, { host: 'sensor.example' })).status).toBe(200)
    expect(lines.join()).not.toContain('canary-token')
  })

  test('lets go of who does not end his request', async () => {
    const { port } = await monitored()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined).resume()
    socket.write('GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ')
    await once(socket, 'close')
  })

  test('survives what is no HTTP', async () => {
    const { url, port } = await monitored()
    for (const bytes of ['\x16\x03\x01\x02\x00', 'GET\r\n\r\n', `GET /${'a'.repeat(20_000)} `]) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write(bytes)
      socket.end()
      await once(socket, 'close')
    }
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })

  test('says who has its port, and takes it when it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { lines, url } = await monitored({ port })
    expect(lines.join()).toContain(
      `cannot listen on 127.0.0.1:${port}: another program has the port; \`ss -ltnp\` shows which`,
    )
    await new Promise(done => setTimeout(done, 100))
    expect(lines).toHaveLength(1) // once, not at each attempt
    other.close()
    await within(
      () => lines.length === 2,
      () => lines.join(),
    )
    expect(lines[1]).toContain(`health and metrics on ${url}`)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })

  test('is gone when it is closed, with those who still hold on to it', async () => {
    const { url, port, monitor } = await monitored()
    const held = connect(port, '127.0.0.1')
    await once(held, 'connect')
    const cut = once(held, 'close')
    await monitor.close()
    await cut
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })
})
