import { ecsVersion } from '../../alerts/alert.ts'
import { type Alert } from '../../outbox/queued.ts'
import { textAt } from '../fields.ts'
import { jsonWithin } from '../formats/trim.ts'
import { partitionOf } from './murmur2.ts'
import { type KafkaMessage } from './transport.ts'

/** An alert and what is sent of it. */
export interface Piece {
  readonly alert: Alert
  readonly message: KafkaMessage
}

/** Most of one request: brokers refuse more than 1 MiB unless told otherwise. */
const most = { messages: 500, bytes: 512 * 1024 } as const
/** What a record needs besides its value: key, headers, lengths. */
const overhead = 256

/** Chunks for one request each, by partition, in the order of `batch`. */
export function chunksOf(
  batch: readonly Alert[],
  partitions: number,
  limit: number,
): Map<number, Piece[][]> {
  const chunks = new Map<number, Piece[][]>()
  const sizes = new Map<number, number>()
  for (const alert of batch) {
    const message = messageOf(alert, limit)
    const partition = partitionOf(message.key, partitions)
    const list = chunks.get(partition) ?? []
    const bytes = Buffer.byteLength(message.value) + overhead
    const size = (sizes.get(partition) ?? 0) + bytes
    const last = list.at(-1)
    const fits = last !== undefined && last.length < most.messages && size <= most.bytes
    if (fits) last.push({ alert, message })
    else list.push([{ alert, message }])
    sizes.set(partition, fits ? size : bytes)
    chunks.set(partition, list)
  }
  return chunks
}

/** Without its optional fields when it is larger than `limit` bytes; then it is for Kafka to say. */
export function messageOf(alert: Alert, limit: number): KafkaMessage {
  const { id, key, document } = alert
  const value = alert.json.length * 3 <= limit ? alert.json : jsonWithin(document, limit)
  const time = Date.parse(String(document['@timestamp'] ?? ''))
  return {
    key,
    value: value ?? alert.json,
    timestamp: Number.isNaN(time) ? Date.now() : time,
    headers: {
      'event.id': id,
      'content-type': 'application/json',
      'ecs.version': ecsVersion,
      'sensor.id':
        textAt(document, 'observer', 'serial_number') ?? textAt(document, 'observer', 'name') ?? '',
    },
  }
}
