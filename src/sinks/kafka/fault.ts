import { type FaultClass, SinkError } from '../../outbox/sink-error.ts'
import { networkClass, tlsReason } from '../network-error.ts'

/** What a failed `send` means for its messages. */
export type KafkaFault =
  | Exclude<FaultClass, 'gone'>
  /** The broker has them already. */
  | 'duplicate'
  /** Too much at once: halve. */
  | 'too-large'

const configuration = [17, 21, 29, 30, 31, 33, 34, 35, 42, 43, 53, 54, 58, 76]
const permanent = [32, 44, 87]
/**
 * By the code of the broker (https://kafka.apache.org/protocol.html#protocol_error_codes); every
 * code that is not here is transient, those that are made up after KafkaJS 2.2.4 too.
 */
const byCode = new Map<number, KafkaFault>([
  ...configuration.map(code => [code, 'configuration'] as const),
  ...permanent.map(code => [code, 'permanent'] as const),
  [10, 'too-large'],
  [18, 'too-large'],
  [46, 'duplicate'],
])

/** Errors of KafkaJS that no waiting mends. */
const hopeless = new Set(['KafkaJSSASLAuthenticationError', 'KafkaJSServerDoesNotSupportApiKey'])

export const unknownTopic = 3
export const clusterAuthorization = 31

/**
 * By the broker's code, else by the network's. Never by `retriable` or by the outer name: KafkaJS
 * wraps a refused connection in `KafkaJSNonRetriableError`.
 */
export function kafkaFault(error: unknown): KafkaFault {
  const code = brokerCode(error)
  if (code !== undefined) return byCode.get(code) ?? 'transient'
  if (causes(error).some(one => hopeless.has(one.name))) return 'configuration'
  return causes(error).some(one => networkClass(one) === 'configuration')
    ? 'configuration'
    : 'transient'
}

/** The code that the broker answered with, if it did. */
export function brokerCode(error: unknown): number | undefined {
  for (const one of causes(error)) {
    if ('code' in one && typeof one.code === 'number') return one.code
  }
  return undefined
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): Error[] {
  const found: Error[] = []
  for (let one = error; one instanceof Error && found.length < 8; one = one.cause) found.push(one)
  return found
}

/** Takes secrets out of an error and all that caused it: a broker may have repeated them. */
export function redactError(error: unknown, redact: (text: string) => string): void {
  for (const one of causes(error)) {
    one.message = redact(one.message)
    if (one.stack !== undefined) one.stack = redact(one.stack)
  }
}

/** A failure of the client as what a sink throws; `what` begins the sentence. */
export function kafkaError(what: string, error: unknown, fault: FaultClass): SinkError {
  if (error instanceof SinkError) return error
  const code = brokerCode(error)
  const why = tlsReason(causes(error).at(-1)?.message ?? String(error))
  const type = causes(error).find(one => 'type' in one && typeof one.type === 'string')
  const name = type !== undefined && 'type' in type ? ` (${String(type.type)})` : ''
  return new SinkError(fault, `${what}: ${why}${name}${fix(code)}`, {
    cause: error,
    ...(code === undefined ? {} : { status: code }),
  })
}

function fix(code: number | undefined): string {
  if (code === unknownTopic) return '; create the topic, it is not made by writing to it'
  if (code === 29) return '; the user needs the right to Write to the topic'
  if (code === 58) return '; look at user and password'
  if (code === 33) return '; the broker lists the SASL mechanisms that it has'
  return ''
}
