import { SinkError } from '../../outbox/sink-error.ts'
import { type Piece } from './batches.ts'
import {
  brokerCode,
  clusterAuthorization,
  type KafkaFault,
  kafkaError,
  kafkaFault,
  redactError,
  unknownTopic,
} from './fault.ts'
import { type ClientParts, kafkaJs } from './kafkajs.ts'
import { type KafkaTransport } from './transport.ts'

/** A topic that is not there for so long, in ms, will not come by itself. */
const topicPatience = 300_000

/** The client of today: replaced when it may have lost its way, idempotence given up where refused. */
export class KafkaConnection {
  readonly #parts: Omit<ClientParts, 'idempotent'>
  #idempotent: boolean
  #client: KafkaTransport | undefined
  /** A send of this client ended nobody knows how. */
  #doubtful = false
  #closed = false
  #topicMissingSince: number | undefined

  constructor(parts: Omit<ClientParts, 'idempotent'>) {
    this.#parts = parts
    this.#idempotent = parts.options.idempotent
  }

  get degraded(): string | undefined {
    if (this.#idempotent === this.#parts.options.idempotent) return undefined
    return 'without idempotence: the user has no IDEMPOTENT_WRITE'
  }

  /** Throws a SinkError. */
  async partitions(): Promise<number> {
    const { brokers, topic } = this.#parts.options
    try {
      const count = await this.#transport().partitions()
      this.#topicMissingSince = undefined
      if (count > 0) return count
      throw new SinkError('transient', `\`${topic}\` has no partitions`)
    } catch (error) {
      const failure = this.#failure(`cannot use \`${topic}\` at ${brokers.join(', ')}`, error)
      await this.#replace()
      throw failure
    }
  }

  /** Undefined when the replicas have it, else why not. */
  async send(partition: number, pieces: readonly Piece[]): Promise<SinkError | undefined> {
    const { topic } = this.#parts.options
    try {
      const messages = pieces.map(({ message }) => message)
      await this.#transport().send(partition, messages)
      return undefined
    } catch (error) {
      if (kafkaFault(error) === 'duplicate') return undefined
      const failure = this.#failure(`cannot write to partition ${partition} of \`${topic}\``, error)
      if (failure.fault !== 'permanent') this.#doubtful = true
      return failure
    }
  }

  /**
   * When nothing is under way any more: a client that does not know what became of its messages is
   * replaced. Its next batch would carry the same sequence numbers, and a broker that has the old
   * batch would take the new one for a repetition and drop it.
   */
  async settle(): Promise<void> {
    if (this.#doubtful) await this.#replace()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#replace()
  }

  #transport(): KafkaTransport {
    if (this.#closed) throw new SinkError('transient', 'the sink is closed')
    this.#client ??= kafkaJs({ ...this.#parts, idempotent: this.#idempotent })
    return this.#client
  }

  async #replace(): Promise<void> {
    const old = this.#client
    this.#client = undefined
    this.#doubtful = false
    await old?.close()
  }

  #failure(what: string, error: unknown): SinkError {
    redactError(error, this.#parts.sasl.redact)
    const code = brokerCode(error)
    if (code === clusterAuthorization && this.#idempotent) {
      this.#idempotent = false
      this.#parts.log.warn('no right to IDEMPOTENT_WRITE: going on without idempotence')
      return kafkaError(what, error, 'transient')
    }
    return kafkaError(
      what,
      error,
      this.#isTopicLost(code) ? 'configuration' : plain(kafkaFault(error)),
    )
  }

  #isTopicLost(code: number | undefined): boolean {
    if (code !== unknownTopic) return false
    this.#topicMissingSince ??= performance.now()
    return performance.now() - this.#topicMissingSince > topicPatience
  }
}

function plain(fault: KafkaFault): 'transient' | 'configuration' | 'permanent' {
  if (fault === 'too-large') return 'permanent'
  return fault === 'configuration' || fault === 'permanent' ? fault : 'transient'
}
