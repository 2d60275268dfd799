import { type SinkError } from '../../outbox/sink-error.ts'
import { type Outcome } from '../lanes.ts'
import { messageOf, type Piece } from './batches.ts'
import { type KafkaConnection } from './connection.ts'
import { kafkaFault } from './fault.ts'

/** A document cut once for a broker that finds it too large. */
const trimmedBytes = 8192

/** Sends the chunks of one partition, one after the other, so that they stay in order. */
export async function sendPartition(
  connection: KafkaConnection,
  [partition, chunks]: readonly [number, readonly Piece[][]],
  outcome: Outcome,
): Promise<void> {
  for (const chunk of chunks) {
    try {
      await sendChunk(connection, partition, chunk, outcome)
    } catch (error) {
      outcome.failures.push(error)
      return
    }
  }
}

/** What is refused is halved until the bad one stands alone. Throws any other failure. */
async function sendChunk(
  connection: KafkaConnection,
  partition: number,
  chunk: readonly Piece[],
  outcome: Outcome,
): Promise<void> {
  const error = await connection.send(partition, chunk)
  if (error === undefined) {
    for (const { alert } of chunk) outcome.delivered.push(alert)
    return
  }
  if (error.fault !== 'permanent') throw error
  const [piece] = chunk
  if (chunk.length === 1 && piece !== undefined) {
    return sendAlone(connection, partition, { piece, error, outcome })
  }
  const half = chunk.length >> 1
  await sendChunk(connection, partition, chunk.slice(0, half), outcome)
  await sendChunk(connection, partition, chunk.slice(half), outcome)
}

/** One that is refused: cut once where size is the reason, then given up. */
async function sendAlone(
  connection: KafkaConnection,
  partition: number,
  { piece, error, outcome }: { piece: Piece; error: SinkError; outcome: Outcome },
): Promise<void> {
  const { alert } = piece
  const message = messageOf(alert, trimmedBytes)
  const cut = kafkaFault(error.cause) === 'too-large' && message.value !== piece.message.value
  const second = cut ? await connection.send(partition, [{ alert, message }]) : error
  if (second === undefined) {
    outcome.delivered.push(alert)
    return
  }
  if (second.fault !== 'permanent') throw second
  outcome.rejected.push(alert)
  outcome.failures.push(second)
}
