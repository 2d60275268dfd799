import { type Admin, CompressionTypes, Kafka, type logCreator, type Producer } from 'kafkajs'
import { milliseconds } from '../../config/duration.ts'
import { type Log } from '../../operate/log.ts'
import { SinkError } from '../../outbox/sink-error.ts'
import { type Tls } from '../tls.ts'
import { type KafkaOptions } from './options.ts'
import { type Sasl } from './sasl.ts'
import { ClientSockets } from './sockets.ts'
import { type KafkaMessage, type KafkaTransport } from './transport.ts'

export interface ClientParts {
  readonly options: KafkaOptions
  readonly tls: Tls | undefined
  readonly sasl: Sasl
  readonly idempotent: boolean
  readonly log: Log
}

/** Its own retries; patience is the queue's. KafkaJS's default with idempotence would be for ever. */
const retries = 2
/** Small batches do not gain by it. */
const compressFrom = 4096
const metadataMaxAge = 60_000
const closeLimit = 2000

/** KafkaJS 2.2.4 behind the interface; a new object is a new producer id. */
export function kafkaJs(parts: ClientParts): KafkaTransport {
  const { options, idempotent } = parts
  const sockets = new ClientSockets()
  const kafka = clientOf(parts, sockets)
  const requestTimeout = milliseconds(options.request_timeout)
  const admin = kafka.admin()
  const producer = kafka.producer({
    idempotent,
    retry: { retries },
    metadataMaxAge,
    allowAutoTopicCreation: false,
    // The partition is chosen by the sink.
    createPartitioner: () => args => args.message.partition ?? 0,
  })
  let connected: Promise<unknown> | undefined
  let known: { readonly count: number; readonly time: number } | undefined
  const connect = () => {
    connected ??= Promise.all([admin.connect(), producer.connect()])
    return connected
  }
  // Beyond all limits of KafkaJS together: something of it hangs.
  const limit = (retries + 2) * requestTimeout + milliseconds(options.connection_timeout)
  return {
    partitions: () =>
      within(limit, async () => {
        await connect()
        if (known === undefined || performance.now() - known.time > metadataMaxAge) {
          known = { count: await countPartitions(admin, options.topic), time: performance.now() }
        }
        return known.count
      }),
    send: (partition, messages) =>
      within(limit, async () => {
        await connect()
        await sendTo(producer, options, partition, messages)
      }),
    close: () =>
      within(closeLimit, () => Promise.all([admin.disconnect(), producer.disconnect()]))
        .then(() => undefined)
        .catch((error: unknown) => {
          parts.log.debug(`kafka client: left behind: ${parts.sasl.redact(String(error))}`)
        })
        .finally(() => sockets.destroy()),
  }
}

function clientOf({ options, tls, sasl, log }: ClientParts, sockets: ClientSockets): Kafka {
  const credentials = sasl.options()
  const requestTimeout = milliseconds(options.request_timeout)
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.client_id,
    requestTimeout,
    connectionTimeout: milliseconds(options.connection_timeout),
    authenticationTimeout: requestTimeout,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 1000 },
    logCreator: logInto(log, sasl),
    socketFactory: sockets.factory,
    ...(tls === undefined ? {} : { ssl: tls.connection() }),
    ...(credentials === undefined ? {} : { sasl: credentials }),
  })
}

async function countPartitions(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  return topics.find(one => one.name === topic)?.partitions.length ?? 0
}

async function sendTo(
  producer: Producer,
  { topic, compression }: KafkaOptions,
  partition: number,
  messages: readonly KafkaMessage[],
): Promise<void> {
  const size = messages.reduce((sum, { value }) => sum + value.length, 0)
  const gzip = compression === 'gzip' && size >= compressFrom
  const answers = await producer.send({
    topic,
    acks: -1,
    compression: gzip ? CompressionTypes.GZIP : CompressionTypes.None,
    messages: messages.map(({ key, value, headers, timestamp }) => ({
      partition,
      key,
      value,
      headers: { ...headers },
      timestamp: String(timestamp),
    })),
  })
  const [answer] = answers
  if (answers.length !== 1 || answer?.partition !== partition || answer.errorCode !== 0) {
    throw new SinkError('transient', `no answer for partition ${partition} of \`${topic}\``)
  }
}

/** Rejects after `ms`, whatever becomes of the work. */
async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new SinkError('transient', `the Kafka client did not answer within ${ms} ms`))
    }, ms)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** What the client says about itself is for those who look for a fault. */
function logInto(log: Log, { redact }: Sasl): logCreator {
  return () =>
    ({ log: { message } }) =>
      log.debug(`kafka client: ${redact(message)}`)
}
