import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { type Alert, type Sink } from '../../src/sinks/sink.ts'
import { alert, hostile } from './alert.ts'
import { consume } from './support/kcat.ts'
import { library, startMockCluster } from './support/mock-kafka.ts'
import { openSink } from './support/open.ts'

const mock = describe.skipIf(library === undefined)

/** Alert number `n` of conversation `key`. */
function keyed(n: number, key: string, message = `alert ${n}`): Alert {
  const { document, ...rest } = alert(n, message)
  const full = { ...document, network: { community_id: key }, observer: { name: 'sensor-1' } }
  return { ...rest, key, document: full, json: JSON.stringify(full) }
}

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => keyed(from + n, `key-${(from + n) % 29}`))

function openKafka(brokers: readonly string[], topic: string, more: object = {}, lines?: string[]) {
  const quick = { request_timeout: '1s', connection_timeout: '1s' }
  const options = { brokers, topic, transport: 'tcp', ...quick, ...more }
  return openSink('kafka', options, lines)
}

/** What the queue does: again until it is taken, without what arrived. */
async function deliver(sink: Sink, batch: readonly Alert[]): Promise<SinkError[]> {
  const failures: SinkError[] = []
  let left = batch
  while (left.length > 0) {
    try {
      await sink.send(left)
      return failures
    } catch (error) {
      if (!(error instanceof SinkError) || failures.length > 20) throw error
      failures.push(error)
      const done = new Set([...error.delivered, ...error.rejected])
      left = error.fault === 'permanent' ? [] : left.filter(one => !done.has(one))
    }
  }
  return failures
}

const ids = (alerts: readonly Alert[]) => alerts.map(one => one.id).sort()

async function arrived(brokers: readonly string[], topic: string): Promise<string[]> {
  const records = await consume(brokers, topic)
  return records.map(one => (JSON.parse(one.value) as { event: { id: string } }).event.id)
}

/** What a sink makes of each code; alerts after it must arrive, those before it not. */
async function faultsOf(codes: readonly number[]): Promise<[number, string][]> {
  const cluster = startMockCluster(1)
  cluster.createTopic('alerts', 1)
  const sink = await openKafka(cluster.brokers, 'alerts')
  const faults: [number, string][] = []
  for (const code of codes) {
    cluster.failProduce(code, code, code, code)
    const error = await sink.send([keyed(1, 'a', 'refused')]).catch((caught: unknown) => caught)
    faults.push([code, error instanceof SinkError ? error.fault : String(error)])
    if (error instanceof SinkError && code > 0 && code < 89) expect(error.status).toBe(`${code}`)
    cluster.clearErrors()
    await deliver(sink, [keyed(code + 1000, 'a')])
  }
  const expected = codes.map(code => `id-${code + 1000}`)
  expect(await arrived(cluster.brokers, 'alerts')).toEqual(expected)
  return faults
}

/** Against mock brokers, or against real ones where KAFKA_BROKERS says. */
const real = process.env['KAFKA_BROKERS']?.split(',')
const peers = real === undefined ? [] : [{ name: 'real brokers', start: () => realTopic(real) }]
if (library !== undefined) peers.push({ name: 'mock brokers', start: mockTopic })

async function mockTopic() {
  const cluster = startMockCluster()
  cluster.createTopic('alerts', 6)
  return { brokers: cluster.brokers, topic: 'alerts' }
}

async function realTopic(brokers: string[]) {
  const { Kafka, logLevel } = await import('kafkajs')
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  const topic = `orthrus-test-${randomUUID()}`
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 6 }], waitForLeaders: true })
  await admin.disconnect()
  return { brokers, topic }
}

describe.each(peers)('kafka with $name', ({ start }) => {
  test.each([
    ['idempotent with gzip', {}],
    ['plain', { idempotent: false, compression: 'none' }],
  ])('kcat reads back what was sent: %s', async (_, more) => {
    const { brokers, topic } = await start()
    const sink = await openKafka(brokers, topic, more)
    await sink.check?.()
    expect(sink.answer?.()).toBe(`\`${topic}\` has 6 partitions`)
    const batch = many(300)
    await sink.send(batch)
    const records = await consume(brokers, topic)
    expect(records.map(one => one.value).sort()).toEqual(batch.map(one => one.json).sort())
    expect(new Set(records.map(one => one.partition)).size).toBe(6)
    const first = records.find(one => one.headers['event.id'] === 'id-1')
    expect(first).toMatchObject({
      key: 'key-1',
      timestamp: Date.parse('2026-11-22T08:21:03.123Z'),
      headers: {
        'event.id': 'id-1',
        'content-type': 'application/json',
        'ecs.version': '9.4.0',
        'sensor.id': 'sensor-1',
      },
    })
  })

  test('one key stays in one partition and in order', async () => {
    const { brokers, topic } = await start()
    const sink = await openKafka(brokers, topic)
    for (let from = 0; from < 300; from += 100) await sink.send(many(100, from))
    const orders = new Map<string, number[]>()
    for (const { key, partition, value } of await consume(brokers, topic)) {
      const { event } = JSON.parse(value) as { event: { id: string } }
      const lane = `${key} ${partition}`
      orders.set(lane, [...(orders.get(lane) ?? []), Number(event.id.slice(3))])
    }
    expect(orders.size).toBe(29)
    for (const order of orders.values()) expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  test('hostile text comes back as it was', async () => {
    const { brokers, topic } = await start()
    const sink = await openKafka(brokers, topic)
    const texts = [...hostile, `${'x'.repeat(100_000)}`, '__proto__']
    await sink.send(texts.map((text, n) => keyed(n, text, text)))
    const found = (await consume(brokers, topic)).map(one => {
      const { message, event } = JSON.parse(one.value) as { message: string; event: { id: string } }
      return [Number(event.id.slice(3)), message] as const
    })
    expect(new Map(found)).toEqual(new Map(texts.map((text, n) => [n, text])))
  })
})

mock('kafka in trouble', () => {
  test.each([true, false])(
    'loses nothing when leaders move before a send (idempotent %s)',
    async idempotent => {
      const cluster = startMockCluster()
      cluster.createTopic('alerts', 6)
      const sink = await openKafka(cluster.brokers, 'alerts', { idempotent })
      await deliver(sink, many(20))
      const batch = many(101, 20)
      for (const partition of [0, 2, 4])
        cluster.moveLeader('alerts', partition, 1 + (partition % 3))
      await deliver(sink, batch)
      const found = await arrived(cluster.brokers, 'alerts')
      expect(new Set(found)).toEqual(new Set(ids([...many(20), ...batch])))
      expect(found.length).toBe(121)
    },
  )

  test('takes each code of a broker for what it is, and goes on after it', async () => {
    const faults = new Map<number, string>()
    for (const code of [17, 21, 29, 30, 33, 34, 35, 42, 43, 53, 54, 58, 76]) {
      faults.set(code, 'configuration')
    }
    for (const code of [10, 18, 32, 44, 87]) faults.set(code, 'permanent')
    const transient = [2, 3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 45, 47, 49, 56, 59, 72, 74]
    // KafkaJS knows none after 88; -195 cuts the connection.
    transient.push(75, 77, 78, 80, 83, 88, 89, 90, 126, -1, -195)
    for (const code of transient) faults.set(code, 'transient')
    const codes = [...faults.keys()]
    const lanes = Array.from({ length: 8 }, (_, lane) => codes.filter((_, n) => n % 8 === lane))
    const found = await Promise.all(lanes.map(lane => lane.length > 0 && faultsOf(lane)))
    expect(new Map(found.flatMap(pairs => pairs || []))).toEqual(faults)
  })

  test('takes a duplicate for delivered', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts')
    cluster.failProduce(46)
    await sink.send([keyed(1, 'a')])
  })

  test('goes on without idempotence where the user may not, and says so', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const lines: string[] = []
    const sink = await openKafka(cluster.brokers, 'alerts', {}, lines)
    cluster.failInit(31, 31, 31, 31)
    const failures = await deliver(sink, [keyed(1, 'a')])
    expect(failures.map(one => one.fault)).toEqual(['transient'])
    expect(sink.status?.().degraded).toContain('IDEMPOTENT_WRITE')
    expect(lines.join('')).toContain('IDEMPOTENT_WRITE')
    expect(await arrived(cluster.brokers, 'alerts')).toEqual(['id-1'])
  })

  test('an answer that gets lost costs a duplicate at most, with the same id', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts', { request_timeout: '300ms' })
    await deliver(sink, [keyed(1, 'a')])
    cluster.delayProduce(1, 900)
    await deliver(sink, [keyed(2, 'a')])
    const found = await arrived(cluster.brokers, 'alerts')
    expect(new Set(found)).toEqual(new Set(['id-1', 'id-2']))
  })

  test('one poisoned alert of a batch does not hold the others', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts')
    const batch = many(500)
    // Each request that holds the last alert is refused: the right half of each halving.
    cluster.failProduce(87, 0, 87, 0, 87, 0, 87, 0, 87, 0, 87, 0, 87, 0, 87, 0, 87, 0, 87)
    const error = await sink.send(batch).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ fault: 'permanent', rejected: [batch[499]] })
    expect((error as SinkError).delivered.length).toBe(499)
    const found = await arrived(cluster.brokers, 'alerts')
    expect(found.sort()).toEqual(ids(batch.slice(0, 499)))
  })

  test('an alert that is too large goes without its optional fields', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts', { message_limit: 2000 })
    const { document, ...rest } = keyed(1, 'a')
    const large = { ...document, related: { hosts: Array(500).fill('host.example') } }
    await sink.send([{ ...rest, document: large, json: JSON.stringify(large) }])
    const [record] = await consume(cluster.brokers, 'alerts')
    expect(JSON.parse(record?.value ?? '')).toMatchObject({
      event: { id: 'id-1' },
      labels: { level: 'high', truncated: 'true' },
    })
  })

  test('delivers all through brokers that come and go', async () => {
    const cluster = startMockCluster()
    cluster.createTopic('alerts', 6)
    const sink = await openKafka(cluster.brokers, 'alerts')
    const sent: Alert[] = []
    for (let round = 0; round < 4; round++) {
      const broker = 1 + (round % 3)
      cluster.down(broker)
      const batch = many(50, round * 50)
      const delivery = deliver(sink, batch)
      setTimeout(() => cluster.up(broker), 300)
      await delivery
      sent.push(...batch)
    }
    expect(new Set(await arrived(cluster.brokers, 'alerts'))).toEqual(new Set(ids(sent)))
  })

  test('says that nobody listens, and works when somebody does', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    cluster.down(1)
    const sink = await openKafka(cluster.brokers, 'alerts')
    await expect(sink.check?.()).rejects.toMatchObject({
      fault: 'transient',
      message: expect.stringMatching(/cannot use `alerts` at 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    })
    cluster.up(1)
    await vi.waitFor(() => sink.check?.(), { timeout: 5000 })
  })

  test('K8: a client that may have lost its way is replaced, and nothing of it is left', async () => {
    const cluster = startMockCluster()
    cluster.createTopic('alerts', 6)
    const sockets = () =>
      process.getActiveResourcesInfo().filter(one => one === 'TCPSocketWrap').length
    const before = sockets()
    const sink = await openKafka(cluster.brokers, 'alerts')
    await deliver(sink, many(60))
    const usual = sockets() - before
    expect(usual).toBeGreaterThan(0)
    for (let round = 1; round <= 5; round++) {
      // A code of the reset class, no answer at all, a leader that is none: more than it tries itself.
      cluster.failProduce(...Array(18).fill([47, -195, 6][round % 3]))
      const failures = await deliver(sink, many(60, round * 60))
      expect(failures.map(({ fault }) => fault)).toContain('transient')
      cluster.clearErrors()
    }
    expect(new Set(await arrived(cluster.brokers, 'alerts'))).toEqual(new Set(ids(many(360))))
    // One client has a socket or two to each broker.
    expect(sockets() - before).toBeLessThanOrEqual(usual + 3)
    await sink.close()
    expect(sockets()).toBe(before)
  })

  test('K8: a client whose brokers hang is left after two seconds, and the next one delivers', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts', { request_timeout: '300ms' })
    await deliver(sink, [keyed(1, 'a')])
    cluster.slow(1, 60_000)
    await expect(sink.send([keyed(2, 'a')])).rejects.toMatchObject({ fault: 'transient' })
    cluster.slow(1, 0)
    const failures = await deliver(sink, [keyed(2, 'a')])
    expect(failures.length).toBeLessThan(20)
    expect(new Set(await arrived(cluster.brokers, 'alerts'))).toEqual(new Set(['id-1', 'id-2']))
  })

  test('closes at once under a broker that does not answer', async () => {
    const cluster = startMockCluster(1)
    cluster.createTopic('alerts', 1)
    const sink = await openKafka(cluster.brokers, 'alerts', { request_timeout: '1m' })
    await sink.send([keyed(1, 'a')])
    cluster.slow(1, 30_000)
    const pending = sink.send([keyed(2, 'a')]).catch((error: unknown) => error)
    await sink.close()
    void pending
    await expect(sink.send([keyed(3, 'a')])).rejects.toMatchObject({ fault: 'transient' })
  })
})
