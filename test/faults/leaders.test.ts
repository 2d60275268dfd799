import { expect, test } from 'vitest'
import { SinkError } from '../../src/outbox/sink-error.ts'
import { type Alert, type Sink } from '../../src/sinks/sink.ts'
import { alert } from '../sinks/alert.ts'
import { consume } from '../sinks/support/kcat.ts'
import { library, startMockCluster } from '../sinks/support/mock-kafka.ts'
import { openSink } from '../sinks/support/open.ts'
import { randomFrom, rounds, seed } from './rounds.ts'

/** 50 in full rounds: KafkaJS alone loses alerts in five of five. */
const runs = Math.ceil(rounds * 2.5)
const partitions = [0, 1, 2, 3, 4, 5]

/** Alerts of 29 conversations, or of none. */
function alerts(count: number, from: number, isKeyed: boolean): Alert[] {
  return Array.from({ length: count }, (_, n) => {
    const one = alert(from + n)
    if (!isKeyed) return one
    const key = `key-${(from + n) % 29}`
    const document = { ...one.document, network: { community_id: key } }
    return { ...one, key, document, json: JSON.stringify(document) }
  })
}

/** What the queue does: again until it is taken, without what arrived. */
async function deliver(sink: Sink, batch: readonly Alert[]): Promise<void> {
  let left = batch
  for (let tries = 0; left.length > 0 && tries < 20; tries++) {
    try {
      return await sink.send(left)
    } catch (error) {
      if (!(error instanceof SinkError)) throw error
      const done = new Set([...error.delivered, ...error.rejected])
      left = left.filter(one => !done.has(one))
    }
  }
  expect(left).toEqual([])
}

test.skipIf(library === undefined).each([
  ['keyed', true],
  ['keyless', false],
] as const)(
  `T9: leaders move before and under a batch of %s alerts, ${runs} times, SEED=${seed}`,
  async (_, isKeyed) => {
    const random = randomFrom(seed)
    for (let run = 0; run < runs; run++) {
      const cluster = startMockCluster()
      cluster.createTopic('alerts', partitions.length)
      const quick = { request_timeout: '1s', connection_timeout: '1s', transport: 'tcp' }
      const idempotent = random() < 0.5
      const options = { brokers: cluster.brokers, topic: 'alerts', idempotent, ...quick }
      const sink = await openSink('kafka', options)
      await deliver(sink, alerts(20, 0, isKeyed))
      const move = () => {
        for (const partition of partitions) {
          if (random() < 0.5) cluster.moveLeader('alerts', partition, 1 + ((run + partition) % 3))
        }
      }
      move()
      const sending = deliver(sink, alerts(101, 20, isKeyed))
      if (random() < 0.5) setImmediate(move)
      await sending
      const found = (await consume(cluster.brokers, 'alerts')).map(one => one.headers['event.id'])
      const missing = alerts(121, 0, isKeyed).filter(({ id }) => !found.includes(id))
      expect([run, missing.map(({ id }) => id)]).toEqual([run, []])
      await sink.close()
      cluster.end()
    }
  },
  60_000 + runs * 20_000,
)
