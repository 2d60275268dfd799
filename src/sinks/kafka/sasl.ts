import { execFile } from 'node:child_process'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { type SASLOptions } from 'kafkajs'
import { Secret } from '../../config/secret.ts'
import { SensorError } from '../../errors.ts'
import { type KafkaOptions } from './options.ts'

const execute = promisify(execFile)

/** Makes what KafkaJS wants for each new client, secrets read anew. Throws CONFIG_INVALID at once. */
export function saslOf({ sasl, transport, brokers }: KafkaOptions): () => SASLOptions | undefined {
  const { mechanism, username } = sasl
  if (mechanism === 'none') return () => undefined
  if (mechanism === 'oauthbearer') return oauth(sasl)
  const password = new Secret(sasl.password)
  if (username === '' || password.reveal() === '') {
    throw new SensorError(
      'CONFIG_INVALID',
      `\`sasl\`: ${mechanism} needs a username and a password`,
    )
  }
  if (mechanism === 'plain' && transport === 'tcp' && !brokers.every(isLoopback)) {
    throw new SensorError(
      'CONFIG_INVALID',
      '`sasl`: plain would send the password readable; use `transport: tls` or scram-sha-512',
    )
  }
  return () => ({ mechanism, username, password: password.reveal() })
}

function oauth({ token, token_command: command }: KafkaOptions['sasl']): () => SASLOptions {
  const secret = new Secret(token)
  const [program, ...args] = command
  if ((program === undefined) === (token === '')) {
    throw new SensorError('CONFIG_INVALID', '`sasl`: give either `token` or `token_command`')
  }
  const value = async () => {
    if (program === undefined) return secret.reveal()
    const { stdout } = await execute(program, args, { timeout: 10_000, maxBuffer: 65_536 })
    return stdout.trim()
  }
  return () => ({
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({ value: await value() }),
  })
}

function isLoopback(broker: string): boolean {
  const host = broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
