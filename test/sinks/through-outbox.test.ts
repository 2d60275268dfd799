import { describe, expect, test } from 'vitest'
import { accept, imbalance, names, open } from '../outbox/harness.ts'
import { openTemporary } from '../storage/open.ts'
import { consume } from './support/kcat.ts'
import { library, startMockCluster } from './support/mock-kafka.ts'
import { openSink } from './support/open.ts'
import { until } from './support/process.ts'
import { startReceiver } from './support/receiver.ts'
import { receivers } from './support/syslog-receivers.ts'

const local = { allow_http: true, allow_private: true }
const total = 3000
const step = 100

describe.each(receivers)('$name, killed and started again', ({ start }) => {
  test.each([
    ['at once', ['SIGKILL']],
    ['after a stall', ['SIGSTOP', 'SIGKILL']],
  ] as const)('%s: the outbox loses nothing', async (_, [first, second]) => {
    const receiver = await start({ transport: 'tcp' })
    const sink = await openSink('syslog', {
      host: '127.0.0.1',
      port: receiver.port,
      transport: 'tcp',
    })
    const outbox = await open(await openTemporary(), { sink })
    for (let n = 0; n < total; n += step) {
      await accept(outbox, names(total).slice(n, n + step), { size: 600 })
      if (n === 1000) {
        receiver.kill(first)
        if (second !== undefined) setTimeout(() => receiver.kill(second), 300)
      }
      if (n === 2000) await receiver.restart()
    }
    const arrived = () => new Set(receiver.messages().map(one => one.id)).size
    await until(
      () => arrived() === total,
      () => `${arrived()} of ${total}`,
    )
    expect(imbalance(outbox)).toEqual([])
    await outbox.close(3000)
    expect(outbox.status.sinks['sink']).toMatchObject({ delivered: total, pending: 0 })
  })
})

test.skipIf(library === undefined)(
  'Kafka gets everything while leaders move and brokers fail',
  async () => {
    const cluster = startMockCluster()
    cluster.createTopic('alerts', 6)
    const quick = { request_timeout: '1s', connection_timeout: '1s', transport: 'tcp' }
    const sink = await openSink('kafka', { brokers: cluster.brokers, topic: 'alerts', ...quick })
    const outbox = await open(await openTemporary(), { sink })
    for (let n = 0; n < total; n += step) {
      await accept(outbox, names(total).slice(n, n + step))
      cluster.moveLeader('alerts', (n / step) % 6, 1 + ((n / step) % 3))
      if (n % 700 === 0) cluster.failProduce(6, 7, -195)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    await until(
      () => outbox.status.sinks['sink']?.delivered === total,
      () => JSON.stringify(outbox.status.sinks['sink']),
      60_000,
    )
    expect(imbalance(outbox)).toEqual([])
    const found = (await consume(cluster.brokers, 'alerts')).map(one => one.headers['event.id'])
    expect(new Set(found).size).toBe(total)
    // What a request that was cut off had written comes twice, and nothing else.
    expect(found.length).toBeLessThan(total * 1.05)
    await outbox.close(3000)
  },
)

test('a webhook that refuses one alert gets the others once, and the one is a dead letter', async () => {
  const { url, received } = await startReceiver((response, { headers }) =>
    response.writeHead(headers['webhook-id'] === names(50)[20] ? 422 : 200).end('no such field'),
  )
  const sink = await openSink('webhook', { url, ...local })
  const outbox = await open(await openTemporary(), { sink })
  await accept(outbox, names(50))
  await until(
    () => outbox.status.sinks['sink']?.delivered === 49,
    () => JSON.stringify(outbox.status.sinks['sink']),
  )
  expect(outbox.status.sinks['sink']).toMatchObject({ delivered: 49, pending: 0 })
  expect(imbalance(outbox)).toEqual([])
  expect(received.map(one => one.headers['webhook-id']).sort()).toEqual([...names(50)].sort())
  await outbox.close(1000)
})
