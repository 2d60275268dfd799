import { isIP } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import { type Secret } from '../../config/secret.ts'
import { SinkError } from '../../outbox/sink-error.ts'
import { networkFailure } from '../network-error.ts'
import { type Tls } from '../tls.ts'
import { type AddressRules, addressFault, guardedLookup, refusal } from './address.ts'
import { type Answer } from './answer.ts'

export interface ClientOptions {
  readonly url: Secret
  readonly tls: Tls
  readonly rules: AddressRules & { readonly allowHttp: boolean }
  /** ms for a whole request, from the name's resolution to the end of the answer. */
  readonly timeout: number
  readonly connections: number
  /** What an answer must not repeat, beside the URL. */
  readonly secrets?: readonly Secret[]
}

export interface Request {
  readonly method: 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Client {
  /** Scheme and host: the rest of a URL may be a secret. */
  readonly place: string
  /** Whatever the server answers. Throws a SinkError when there is no answer. */
  send(request: Request): Promise<Answer>
  close(): Promise<void>
}

const bodyLimit = 65_536

interface Target {
  readonly origin: string
  readonly href: string
}

/** One URL that requests go to, with the rules of W5: undici never follows a redirect by itself. */
export function httpClient(options: ClientOptions): Client {
  const { url, timeout, connections, secrets = [] } = options
  const agent = new Agent({ connect: connector(options), connections, pipelining: 1 })
  const current = checkedOnce(options)
  let closed = false
  return {
    get place() {
      return current().origin
    },
    async send({ method, headers, body }) {
      const { origin, href } = current()
      // undici's own limits fire late and each for its part: this one is for all of it. Not
      // `AbortSignal.timeout`, whose timer stays until it fires: 20 s of requests would pile up.
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(new DOMException('late', 'TimeoutError')), timeout)
      const { signal } = late
      try {
        const response = await request(href, { method, headers, body, signal, dispatcher: agent })
        const text = await beginning(response.body)
        const shown = [url, ...secrets].reduce((left, secret) => secret.redact(left), text)
        return { status: response.statusCode, headers: response.headers, body: shown }
      } catch (error) {
        throw failure(origin, error, timeout)
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      if (closed) return
      closed = true
      await agent.destroy()
    },
  }
}

function failure(origin: string, error: unknown, timeout: number): SinkError {
  if (error instanceof Error && error.name === 'TimeoutError') {
    const message = `${origin} did not answer within ${timeout} ms`
    return new SinkError('transient', message, { cause: error })
  }
  return networkFailure(`cannot reach ${origin}`, error)
}

/** The URL as it is now, checked. Throws a SinkError of class `configuration`. */
function target({ url, rules }: Pick<ClientOptions, 'url' | 'rules'>): URL {
  const parsed = parse(url.reveal())
  if (parsed === null) throw wrong('the URL is none; write it as https://host/path')
  const { protocol, hostname, username, password } = parsed
  if (protocol !== 'https:' && !(protocol === 'http:' && rules.allowHttp)) {
    const help = protocol === 'http:' ? '; `allow_http: true` allows it' : ''
    throw wrong(`the URL must begin with https://, found ${protocol}//${help}`)
  }
  if (username !== '' || password !== '') {
    throw wrong('the URL must not hold a user; put it into `headers.authorization`')
  }
  // undici does not resolve what is an address already, so its lookup never sees these.
  const fault = isIP(bare(hostname)) === 0 ? undefined : addressFault(hostname, rules)
  if (fault !== undefined) throw wrong(`the URL may not be used: ${fault}`)
  return parsed
}

/** The URL as it is now, looked at again only when it has become another. */
function checkedOnce(options: Pick<ClientOptions, 'url' | 'rules'>): () => Target {
  let text: string | undefined
  let last: Target | undefined
  return () => {
    const now = options.url.reveal()
    if (last !== undefined && now === text) return last
    const { origin, href } = target(options)
    text = now
    last = { origin, href }
    return last
  }
}

/** Throws a SinkError of class `configuration` when the URL cannot be used. */
export const checkUrl = (options: Pick<ClientOptions, 'url' | 'rules'>): URL => target(options)

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function wrong(message: string): SinkError {
  return new SinkError('configuration', message)
}

function connector({ tls, rules, timeout }: ClientOptions): buildConnector.connector {
  const lookup = guardedLookup(rules)
  let context: unknown
  let connect: buildConnector.connector | undefined
  return (options, callback) => {
    const fault =
      isIP(bare(options.hostname)) === 0 ? undefined : addressFault(options.hostname, rules)
    if (fault !== undefined) return callback(refusal(fault), null)
    const connection = tls.connection()
    if (connect === undefined || context !== connection.secureContext) {
      context = connection.secureContext
      connect = buildConnector({ ...connection, lookup, timeout, allowH2: false })
    }
    connect(options, callback)
  }
}

/** At most 64 KiB of a body; the rest is not even received. */
async function beginning(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= bodyLimit) break
  }
  return Buffer.concat(chunks).subarray(0, bodyLimit).toString()
}
