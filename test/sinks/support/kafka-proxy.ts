import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'

// The mock brokers know neither TLS nor SASL: this stands in front of each, ends TLS, answers SASL
// and puts its own ports into what the brokers say of themselves.

export interface ProxyOptions {
  readonly tls?: TlsOptions
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'
    readonly username?: string
    readonly password?: string
    readonly token?: string
    /** Refuses everybody, and says what it was told. */
    readonly repeats?: boolean
  }
}

const apiVersions = 18
const handshake = 17
const authenticate = 36
const host = '127.0.0.1'

/** Addresses to use instead of `brokers`. */
export async function kafkaProxy(
  brokers: readonly string[],
  options: ProxyOptions,
): Promise<string[]> {
  const ports = new Map<number, number>()
  const addresses: string[] = []
  for (const broker of brokers) {
    const upstream = Number(broker.split(':')[1])
    const sockets = new Set<Socket>()
    const onSocket = (socket: Socket) => {
      sockets.add(socket)
      serve(socket, upstream, ports, options)
    }
    const server = options.tls ? createTlsServer(options.tls, onSocket) : createServer(onSocket)
    server.on('tlsClientError', () => undefined)
    await new Promise<void>(resolve => server.listen(0, host, resolve))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    ports.set(upstream, port)
    addresses.push(`${host}:${port}`)
  }
  return addresses
}

function serve(
  client: Socket,
  port: number,
  ports: Map<number, number>,
  { sasl }: ProxyOptions,
): void {
  const broker = connect(port, host)
  for (const [one, other] of [
    [client, broker],
    [broker, client],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
  const asked = new Map<number, number>()
  const login = sasl === undefined ? undefined : new Login(sasl)
  frames(client, frame => {
    const [key, correlation] = [frame.readInt16BE(0), frame.readInt32BE(4)]
    if (login !== undefined && (key === handshake || key === authenticate)) {
      const body = frame.subarray(10 + Math.max(0, frame.readInt16BE(8)))
      const answer =
        key === handshake ? login.handshake(body) : login.step(body, frame.readInt16BE(2))
      client.write(framed(Buffer.concat([int32(correlation), answer])))
      return
    }
    if (login?.done === false && key !== apiVersions) {
      client.destroy()
      return
    }
    asked.set(correlation, key)
    broker.write(framed(frame))
  })
  frames(broker, frame => {
    const key = asked.get(frame.readInt32BE(0))
    asked.delete(frame.readInt32BE(0))
    const full = key === apiVersions && login !== undefined ? withSasl(frame) : frame
    client.write(framed(withPorts(full, ports)))
  })
}

/** Adds the two requests of SASL to what a broker says it knows (ApiVersions 0 to 2). */
function withSasl(frame: Buffer): Buffer {
  const entry = (key: number) => Buffer.concat([int16(key), int16(0), int16(1)])
  const count = int32(frame.readInt32BE(6) + 2)
  return Buffer.concat([
    frame.subarray(0, 6),
    count,
    entry(handshake),
    entry(authenticate),
    frame.subarray(10),
  ])
}

/** Every `127.0.0.1`, length before it and port behind it, with our port. */
function withPorts(frame: Buffer, ports: Map<number, number>): Buffer {
  const copy = Buffer.from(frame)
  const mark = Buffer.concat([int16(host.length), Buffer.from(host)])
  for (let at = copy.indexOf(mark); at >= 0; at = copy.indexOf(mark, at + 1)) {
    const port = ports.get(copy.readInt32BE(at + mark.length))
    if (port !== undefined) copy.writeInt32BE(port, at + mark.length)
  }
  return copy
}

function frames(socket: Socket, take: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      const frame = rest.subarray(4, end)
      rest = rest.subarray(end)
      take(frame)
    }
  })
}

/** A broker's side of SASL (RFC 4616, RFC 5802, RFC 7628), as KIP-152 wraps it. */
class Login {
  readonly #sasl: NonNullable<ProxyOptions['sasl']>
  readonly #salt = randomBytes(16)
  readonly #nonce = randomBytes(12).toString('base64')
  #messages = ''
  done = false

  constructor(sasl: NonNullable<ProxyOptions['sasl']>) {
    this.#sasl = sasl
  }

  handshake(body: Buffer): Buffer {
    const wanted = body.subarray(2).toString()
    const known = this.#sasl.mechanism
    const error = wanted === known ? 0 : 33
    return Buffer.concat([int16(error), int32(1), int16(known.length), Buffer.from(known)])
  }

  step(body: Buffer, version: number): Buffer {
    const text = body.subarray(4).toString()
    const answer = this.#sasl.repeats ? undefined : this.#answer(text)
    const lifetime = version >= 1 ? Buffer.alloc(8) : Buffer.alloc(0)
    if (answer === undefined) {
      const words = Buffer.from(
        this.#sasl.repeats ? `no entry with ${text}` : 'Authentication failed',
      )
      return Buffer.concat([int16(58), int16(words.length), words, int32(0), lifetime])
    }
    const bytes = Buffer.from(answer)
    return Buffer.concat([int16(0), int16(-1), int32(bytes.length), bytes, lifetime])
  }

  #answer(text: string): string | undefined {
    const { mechanism, username, password, token } = this.#sasl
    if (mechanism === 'PLAIN')
      return this.#accept(
        text === `\0${username}\0${password}` || text === `${username}\0${username}\0${password}`,
      )
    if (mechanism === 'OAUTHBEARER') return this.#accept(text.includes(`auth=Bearer ${token}\x01`))
    return text.startsWith('n,,') ? this.#first(text.slice(3)) : this.#final(text)
  }

  #accept(good: boolean): string | undefined {
    this.done = good
    return good ? '' : undefined
  }

  #first(bare: string): string {
    const nonce = `${/r=([^,]*)/.exec(bare)?.[1]}${this.#nonce}`
    const answer = `r=${nonce},s=${this.#salt.toString('base64')},i=4096`
    this.#messages = `${bare},${answer}`
    return answer
  }

  #final(text: string): string | undefined {
    const hash = this.#sasl.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
    const length = hash === 'sha256' ? 32 : 64
    const [, start = '', proof = ''] = /^(.*),p=(.*)$/.exec(text) ?? []
    const salted = pbkdf2Sync(this.#sasl.password ?? '', this.#salt, 4096, length, hash)
    const hmac = (key: Buffer, words: string) => createHmac(hash, key).update(words).digest()
    const all = `${this.#messages},${start}`
    const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest()
    const signature = hmac(stored, all)
    const key = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0))
    this.done =
      this.#messages.startsWith(`n=${this.#sasl.username},`) &&
      timingSafeEqual(createHash(hash).update(key).digest(), stored)
    return this.done ? `v=${hmac(hmac(salted, 'Server Key'), all).toString('base64')}` : undefined
  }
}

function framed(frame: Buffer): Buffer {
  return Buffer.concat([int32(frame.length), frame])
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}
