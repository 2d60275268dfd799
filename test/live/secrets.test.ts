import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../capture/support/root.ts'
import { orthrus } from '../commands/orthrus.ts'
import { authority } from '../sinks/support/certificates.ts'
import { Lab } from './support/lab.ts'

const signing = Buffer.from('canary-signing-canary-signing-32').toString('base64')
/** Each a secret of its own; any of them anywhere is a leak. */
const secrets = {
  path: 'canary-path-T00000000',
  header: 'canary-header-4711',
  signing: `whsec_${signing}`,
  slack: 'canary-slack-B00000000',
  password: 'canary-password-0815',
  passphrase: 'canary-passphrase-42',
  token: 'canary-token-0123456789',
}

describe.skipIf(!isRoot)('T27: secrets', () => {
  let lab: Lab

  beforeEach(() => {
    lab = new Lab()
  })

  afterEach(() => lab[Symbol.asyncDispose]())

  /** A far side that tells all that it was told, and refuses. */
  function startGossip() {
    const heard: string[] = []
    const server = createServer((request, response) => {
      const said = JSON.stringify({ url: request.url, headers: request.headers })
      heard.push(said)
      const status = request.url?.startsWith('/services') ? 500 : 400
      request.resume().on('end', () => response.writeHead(status).end(`no: ${said}`))
    })
    lab.home.inside(() => server.listen(0))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return { heard, port: (server.address() as AddressInfo).port }
  }

  function secretFile(name: string, text: string): string {
    writeFileSync(lab.path(name), `${text}\n`, { mode: 0o600 })
    return `\${file:${lab.path(name)}}`
  }

  function configure(port: number): string {
    const client = authority().issue('client', 'DNS:client', 30, secrets.passphrase)
    const local = { allow_http: true, allow_private: true }
    const sinks = {
      web: {
        type: 'webhook',
        url: `http://127.0.0.1:${port}/${secrets.path}`,
        headers: { authorization: `Bearer ${secretFile('header', secrets.header)}` },
        secrets: [secretFile('signing', secrets.signing)],
        ...local,
      },
      chat: { type: 'slack', url: `\${env:CANARY_SLACK}`, ...local },
      queue: {
        type: 'kafka',
        brokers: ['127.0.0.1:9'],
        topic: 'alerts',
        transport: 'tcp',
        sasl: { mechanism: 'plain', username: 'orthrus', password: secrets.password },
      },
      log: {
        type: 'syslog',
        host: '127.0.0.1',
        port: 9,
        tls: { ...client, passphrase: secretFile('passphrase', secrets.passphrase) },
      },
    }
    const monitor = { listen: '127.0.0.1:9477', token: secretFile('token', secrets.token) }
    const path = lab.path('c.yaml')
    writeFileSync(path, JSON.stringify({ sinks, monitor, log: { level: 'trace' } }))
    return path
  }

  /** What is found of the secrets in a text, or beside them in another form. */
  function leaks(where: string, text: string): string[] {
    const forms = Object.values(secrets).flatMap(one => [
      one,
      Buffer.from(one).toString('base64').slice(0, -4),
      encodeURIComponent(one),
    ])
    return [...new Set([...forms, signing, 'canary'])]
      .filter(form => text.includes(form))
      .map(form => `${form} in ${where}`)
  }

  test('of every kind are in no log, page, dead letter, file or command line', async () => {
    const { heard, port } = startGossip()
    const state = lab.path('s')
    const args = ['-i', 'w0', '--learn', '0', '--state', state, '-c', configure(port)]
    const env = {
      CANARY_SLACK: `http://127.0.0.1:${port}/services/${secrets.slack}`,
      ORTHRUS_DEBUG: '1',
    }
    const sensor = await lab.run(args, { env })
    await lab.fromPeer('ping -c 1 -W 5 192.0.2.1')
    await sensor.says('stderr', 'dead letter')
    await sensor.until(
      () => heard.some(one => one.includes(secrets.slack)),
      'the chat was never asked',
    )
    await sensor.says('stderr', /"sink":"queue"|queue.*alerts wait/)
    await sensor.says('stderr', /"sink":"log"|log.*alerts wait/)
    // They are in use: the far side got them.
    expect(heard.join()).toContain(`/${secrets.path}`)
    expect(heard.join()).toContain(`Bearer ${secrets.header}`)

    const { pid = 0 } = sensor.process
    const found = leaks('its command line', readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
    const handed = environment.filter(one => !one.startsWith('CANARY_SLACK='))
    found.push(...leaks('its environment', handed.join('\0')))
    const ask = (path: string, header: string) =>
      lab.home.run('curl', '-s', '-H', header, `http://127.0.0.1:9477${path}`)
    for (const path of ['/status', '/metrics', '/livez', '/nothing']) {
      found.push(...leaks(path, ask(path, `Authorization: Bearer ${secrets.token}`)))
      found.push(...leaks(path, ask(path, `X: y`)))
    }
    const about = ['--state', state, '-o', 'json']
    const commands = [
      ['outbox', 'list', ...about],
      ['outbox', 'status', ...about],
      ['check', '-c', lab.path('c.yaml'), '-o', 'json'],
    ]
    for (const words of commands) {
      const { stdout, stderr } = await orthrus(words, env)
      if (words[1] === 'list') expect(stdout).toContain('no: ')
      found.push(...leaks(words.join(' '), stdout + stderr))
    }
    expect(await sensor.end()).toBe(0)
    found.push(...leaks('stdout', sensor.stdout), ...leaks('stderr', sensor.stderr))
    for (const file of readdirSync(state, { recursive: true, encoding: 'utf8' })) {
      const path = join(state, file)
      if (statSync(path).isFile()) found.push(...leaks(file, readFileSync(path, 'latin1')))
    }
    expect(found).toEqual([])
  })
})
