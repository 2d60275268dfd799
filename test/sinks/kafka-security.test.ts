import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/operate/log.ts'
import { type Receiver } from '../../src/outbox/receiver.ts'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { type Sink } from '../../src/sinks/sink.ts'
import { accept, open as openOutbox } from '../outbox/harness.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { alert } from './alert.ts'
import { bothSides, pem } from './support/certificates.ts'
import { kafkaProxy, type ProxyOptions } from './support/kafka-proxy.ts'
import { consume } from './support/kcat.ts'
import { library, startMockCluster } from './support/mock-kafka.ts'
import { openSink } from './support/open.ts'
import { until } from './support/process.ts'

const { ca, client, both: mutual } = bothSides()

async function clusterBehind(options: ProxyOptions) {
  const cluster = startMockCluster(2)
  cluster.createTopic('alerts', 4)
  return { direct: cluster.brokers, brokers: await kafkaProxy(cluster.brokers, options) }
}

const open = (brokers: readonly string[], more: object, lines?: string[]): Promise<Sink> => {
  const quick = { request_timeout: '1s', connection_timeout: '1s' }
  return openSink('kafka', { brokers, topic: 'alerts', ...quick, ...more }, lines)
}

describe.skipIf(library === undefined)('kafka over TLS', () => {
  test('with both sides known', async () => {
    const { direct, brokers } = await clusterBehind({ tls: mutual })
    const sink = await open(brokers, { tls: { ca: ca.cert, ...client } })
    await sink.send([alert(1), alert(2)])
    expect((await consume(direct, 'alerts')).map(one => one.value).sort()).toEqual([
      alert(1).json,
      alert(2).json,
    ])
  })

  const wrongName = ca.issue('wrong', 'DNS:elsewhere.example')
  test.each([
    ['an unknown authority', mutual, { ...client }],
    ['another name', { ...mutual, ...pem(wrongName) }, { ca: ca.cert, ...client }],
    [
      'another certificate than the pinned',
      mutual,
      { ca: ca.cert, ...client, fingerprint: 'ab'.repeat(32) },
    ],
  ])('refuses %s, and a person must act', async (_, tls, options) => {
    const { direct, brokers } = await clusterBehind({ tls })
    const sink = await open(brokers, { tls: options })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({ fault: 'configuration' })
    expect(await consume(direct, 'alerts')).toEqual([])
  })

  test('does not get through without its certificate', async () => {
    const { direct, brokers } = await clusterBehind({ tls: mutual })
    const sink = await open(brokers, { tls: { ca: ca.cert } })
    await expect(sink.send([alert(1)])).rejects.toMatchObject({
      code: expect.stringMatching(/^SINK_/),
    })
    expect(await consume(direct, 'alerts')).toEqual([])
  })
})

describe.skipIf(library === undefined)('kafka with SASL', () => {
  const [username, password] = ['orthrus', 'canary,=pass']
  test.each([
    ['plain', 'PLAIN'],
    ['scram-sha-256', 'SCRAM-SHA-256'],
    ['scram-sha-512', 'SCRAM-SHA-512'],
  ] as const)(
    '%s: the right password opens, a wrong one is for a person to mend',
    async (mechanism, name) => {
      const { direct, brokers } = await clusterBehind({
        sasl: { mechanism: name, username, password },
      })
      const lines: string[] = []
      const good = await open(
        brokers,
        { transport: 'tcp', sasl: { mechanism, username, password } },
        lines,
      )
      await good.send([alert(1)])
      expect((await consume(direct, 'alerts')).map(one => one.value)).toEqual([alert(1).json])
      const wrong = { mechanism, username, password: 'canary-wrong' }
      const bad = await open(brokers, { transport: 'tcp', sasl: wrong }, lines)
      const error = await bad.send([alert(2)]).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ fault: 'configuration' })
      expect(`${error}${JSON.stringify(error)}${lines.join('')}`).not.toContain('canary')
    },
  )

  test('oauthbearer: the token comes from a file or a program', async () => {
    const sasl = { mechanism: 'OAUTHBEARER', token: 'token-1' } as const
    const { direct, brokers } = await clusterBehind({ sasl })
    const path = join(temporaryDirectory(), 'token')
    writeFileSync(path, 'token-1\n', { mode: 0o600 })
    const tokens = [{ token: `\${file:${path}}` }, { token_command: ['printf', 'token-1'] }]
    for (const token of tokens) {
      const sink = await open(brokers, {
        transport: 'tcp',
        sasl: { mechanism: 'oauthbearer', ...token },
      })
      await sink.send([alert(1)])
    }
    expect((await consume(direct, 'alerts')).length).toBe(2)
    const bad = await open(brokers, {
      transport: 'tcp',
      sasl: { mechanism: 'oauthbearer', token: 'token-2' },
    })
    await expect(bad.send([alert(1)])).rejects.toMatchObject({ fault: 'configuration' })
  })

  const secret = 'canary-0123456789'
  test.each([
    ['PLAIN', { mechanism: 'plain', username, password: secret }],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', token: secret }],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', token_command: ['printf', secret] }],
  ] as const)(
    'a broker that repeats a secret gives it to nobody: %s %j',
    async (mechanism, sasl) => {
      const { brokers } = await clusterBehind({ sasl: { mechanism, repeats: true } })
      const lines: string[] = []
      const sink = await open(brokers, { transport: 'tcp', sasl }, lines)
      const error = await sink.send([alert(1)]).catch((caught: unknown) => caught)
      expect(error).toMatchObject({
        fault: 'configuration',
        message: expect.stringMatching(/no entry with .*\[secret\]/s),
      })
      expect(await sink.check?.().catch((caught: unknown) => inspect(caught))).toContain('[secret]')

      const log = createLog({ level: 'trace', format: 'json', write: line => lines.push(line) })
      const again = await open(brokers, { transport: 'tcp', sasl }, lines)
      // Held by the outbox, and taken for a dead letter at once.
      const receiver: Receiver = {
        send: batch =>
          again.send(batch).catch((caught: unknown) => {
            throw batch[0]?.id === 'held'
              ? caught
              : new SinkError('permanent', String(caught), { cause: caught })
          }),
      }
      const environment = await openTemporary()
      const outbox = await openOutbox(environment, { receiver }, { log })
      await accept(outbox, ['dead', 'held'])
      await until(
        () => outbox.status.sinks['receiver']?.lastError !== undefined,
        () => JSON.stringify(outbox.status.sinks['receiver']),
      )
      expect(outbox.status.sinks['receiver']).toMatchObject({ dead: 1, pending: 1 })
      await outbox.progress.flush()
      const letters = environment.page('dlq', { limit: 9 }).map(one => String(one.value))
      const shown = [
        inspect(error, { depth: 9 }),
        ...lines,
        ...letters,
        inspect(outbox.status, { depth: 9 }),
      ]
      expect(letters.join('')).toContain('[secret]')
      expect(shown.filter(text => text.includes('canary'))).toEqual([])
      expect(lines.filter(text => text.includes('[secret]')).length).toBeGreaterThan(1)
    },
  )

  test('a mechanism that the brokers do not have is named', async () => {
    const { brokers } = await clusterBehind({ sasl: { mechanism: 'PLAIN', username, password } })
    const sasl = { mechanism: 'scram-sha-512', username, password }
    const sink = await open(brokers, { transport: 'tcp', sasl })
    await expect(sink.check?.()).rejects.toMatchObject({ fault: 'configuration' })
  })
})

test.each([
  [
    'plain without TLS to another machine',
    ['kafka.example:9092'],
    { mechanism: 'plain', username: 'a', password: 'b' },
    'readable',
  ],
  [
    'scram without a password',
    ['127.0.0.1:9092'],
    { mechanism: 'scram-sha-512', username: 'a' },
    'needs a username and a password',
  ],
  ['oauthbearer without a token', ['127.0.0.1:9092'], { mechanism: 'oauthbearer' }, 'either'],
])('kafka refuses %s', async (_, brokers, sasl, message) => {
  await expect(open(brokers, { transport: 'tcp', sasl })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  })
})
