/** A record as it goes to Kafka. */
export interface KafkaMessage {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
  /** ms since the Unix epoch. */
  readonly timestamp: number
}

/** What the sink needs of a Kafka client; another client library is another implementation. */
export interface KafkaTransport {
  /** How many partitions the topic has. Connects when it is not connected. */
  partitions(): Promise<number>
  /**
   * Resolves when all in-sync replicas have all of `messages`. One partition a call: KafkaJS 2.2.4
   * resolves with messages lost when one call spans several and one of them fails.
   */
  send(partition: number, messages: readonly KafkaMessage[]): Promise<void>
  /** Resolves soon, whatever the client does. */
  close(): Promise<void>
}
