import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly url: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** ms since the Unix epoch. */
  readonly time: number
}

type Answer = number | ((response: ServerResponse, received: Received) => unknown)

/** A real HTTP server on a port of its own, and what was sent to it. `answers` go in turn, the last stays. */
export async function startReceiver(
  answers: Answer | readonly Answer[] = 200,
  tls?: ServerOptions,
) {
  const received: Received[] = []
  const list = [answers].flat() as Answer[]
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', method = '', headers } = request
      const one = { url, method, headers, body: Buffer.concat(chunks).toString(), time: Date.now() }
      const answer = list[Math.min(received.length, list.length - 1)] ?? 200
      received.push(one)
      if (typeof answer === 'number') response.writeHead(answer).end('ok')
      else answer(response, one)
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const scheme = tls === undefined ? 'http' : 'https'
  return { received, server, port, url: `${scheme}://127.0.0.1:${port}/hook` }
}
