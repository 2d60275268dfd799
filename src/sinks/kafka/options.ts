import { secretText } from '../../config/secret.ts'
import { duration, section } from '../../config/section.ts'
import { type Static, Type } from '../../config/type.ts'
import { tlsOptions } from '../tls.ts'

export const kafkaOptions = Type.Object(
  {
    brokers: Type.Array(Type.String({ pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^\\s:/]+):\\d{1,5}$' }), {
      minItems: 1,
      uniqueItems: true,
      description: 'Brokers to ask for all others, as host:port.',
      examples: [['kafka-1.example.com:9093', 'kafka-2.example.com:9093']],
    }),
    topic: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      default: 'orthrus.alerts',
      description: 'Topic that must be there already.',
    }),
    transport: Type.Enum(['tls', 'tcp'], {
      default: 'tls',
      description: 'Encrypted, or for everybody on the way to read.',
    }),
    tls: tlsOptions,
    sasl: section('Who we are, where certificates do not say it.', {
      mechanism: Type.Enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'], {
        default: 'none',
        description: 'As the listener of the brokers wants it.',
      }),
      username: Type.String({ default: '', description: 'User of plain and scram.' }),
      password: secretText({ default: '', description: 'Password of plain and scram.' }),
      token: secretText({
        default: '',
        description: 'Token of oauthbearer; as `file:` reference it is read for each connection.',
      }),
      token_command: Type.Array(Type.String(), {
        default: [],
        maxItems: 64,
        description: 'Instead of `token`: program and arguments that print one within 10 s.',
      }),
    }),
    client_id: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,249}$',
      default: 'orthrus',
      description: 'What the brokers’ logs and quotas call us.',
    }),
    idempotent: Type.Boolean({
      default: true,
      description:
        'Let the brokers drop what arrives twice; needs IDEMPOTENT_WRITE before Kafka 2.8.',
    }),
    compression: Type.Enum(['gzip', 'none'], {
      default: 'gzip',
      description: 'How batches of 4 KiB and more are sent.',
    }),
    message_limit: Type.Integer({
      minimum: 1000,
      maximum: 100_000_000,
      default: 900_000,
      description: 'Bytes of one alert; a larger one is sent without its optional fields.',
    }),
    request_timeout: duration({
      default: '10s',
      minDuration: '100ms',
      maxDuration: '5m',
      description: 'How long a broker may take for one request.',
    }),
    connection_timeout: duration({
      default: '5s',
      minDuration: '100ms',
      maxDuration: '1m',
      description: 'How long a connection may take, TLS and SASL included.',
    }),
  },
  {
    additionalProperties: false,
    description: 'A topic of Apache Kafka, one record for each alert.',
  },
)

export type KafkaOptions = Static<typeof kafkaOptions>
