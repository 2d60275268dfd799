import { type Alert } from '../outbox/queued.ts'
import { chunksOf } from './kafka/batches.ts'
import { sendPartition } from './kafka/deliver.ts'
import { kafkaOptions } from './kafka/options.ts'
import { saslOf } from './kafka/sasl.ts'
import { type Outcome, throwFailure } from './lanes.ts'
import { defineSink } from './sink.ts'
import { Tls } from './tls.ts'

export const kafka = defineSink(kafkaOptions, async (options, { log }) => {
  // Loaded with the first sink of the kind: who has none does not pay for it.
  const { KafkaConnection } = await import('./kafka/connection.ts')
  const tls = options.transport === 'tls' ? new Tls(options.tls, log) : undefined
  const connection = new KafkaConnection({ options, tls, sasl: saslOf(options), log })
  let said: string | undefined

  return {
    limits: { alerts: 500, bytes: 512 * 1024 },
    async send(batch: readonly Alert[]) {
      if (batch.length === 0) return
      const partitions = await connection.partitions()
      const chunks = chunksOf(batch, partitions, options.message_limit)
      const outcome: Outcome = { delivered: [], rejected: [], failures: [] }
      await Promise.all([...chunks].map(one => sendPartition(connection, one, outcome)))
      await connection.settle()
      throwFailure(outcome)
      said = `all in-sync replicas of \`${options.topic}\` have it, partition ${[...chunks.keys()].join(', ')}`
    },
    async check() {
      const partitions = await connection.partitions()
      said = `\`${options.topic}\` has ${partitions} partitions`
    },
    close: () => connection.close(),
    answer: () => said,
    status: () => ({
      degraded: connection.degraded ?? tls?.degraded,
      certificateExpires: tls?.expires?.toISOString(),
    }),
  }
})
