import { execFile } from 'node:child_process'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { type SASLOptions } from 'kafkajs'
import { Secret } from '../../config/secret.ts'
import { SensorError } from '../../errors.ts'
import { type KafkaOptions } from './options.ts'

const execute = promisify(execFile)

/** How we log in, and how to keep that to ourselves. */
export interface Sasl {
  /** What KafkaJS wants for a new client, secrets read anew. */
  readonly options: () => SASLOptions | undefined
  /** Takes the secrets out of a text: a broker may repeat what it was told. */
  readonly redact: (text: string) => string
}

/** Throws CONFIG_INVALID at once. */
export function saslOf({ sasl, transport, brokers }: KafkaOptions): Sasl {
  const { mechanism, username } = sasl
  if (mechanism === 'none') return { options: () => undefined, redact: text => text }
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
  return {
    options: () => ({ mechanism, username, password: password.reveal() }),
    redact: text => password.redact(text),
  }
}

function oauth({ token, token_command: command }: KafkaOptions['sasl']): Sasl {
  const secret = new Secret(token)
  const [program, ...args] = command
  if ((program === undefined) === (token === '')) {
    throw new SensorError('CONFIG_INVALID', '`sasl`: give either `token` or `token_command`')
  }
  let printed = ''
  const value = async () => {
    if (program === undefined) return secret.reveal()
    const { stdout } = await execute(program, args, { timeout: 10_000, maxBuffer: 65_536 })
    printed = stdout.trim()
    return printed
  }
  return {
    options: () => ({
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: await value() }),
    }),
    redact(text) {
      const left = secret.redact(text)
      return printed === '' ? left : left.replaceAll(printed, '[secret]')
    },
  }
}

function isLoopback(broker: string): boolean {
  const host = broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
