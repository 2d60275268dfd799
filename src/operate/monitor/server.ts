import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Secret } from '../../config/secret.ts'
import { SensorError } from '../../errors.ts'
import { isLoopback, type MonitorPlace, placeText } from './address.ts'

export interface Page {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** One path; what is `open` needs no token, for a probe has none. */
export interface Route {
  readonly open: boolean
  readonly page: () => Page | Promise<Page>
}

export interface MonitorServer {
  readonly port: number
  close(): Promise<void>
}

const connections = 16
const text = 'text/plain; charset=utf-8'

/** Answers GET and HEAD for `routes`, by their paths. `onFault` hears of what a page throws. Throws LISTEN_FAILED. */
export async function serveMonitor(
  place: MonitorPlace,
  routes: Readonly<Record<string, Route>>,
  onFault: (error: unknown) => void,
): Promise<MonitorServer> {
  const limits = { maxHeaderSize: 8192, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 }
  const server = createServer(limits)
  // A client that dawdles must not keep one of the few places.
  server.headersTimeout = 5000
  server.requestTimeout = 5000
  server.timeout = 10_000
  server.maxConnections = connections
  server.on('request', (request, response) => {
    request.resume()
    void answer(request, place.token, routes, onFault).then(page => write(request, response, page))
  })
  await listen(server, place)
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function listen(server: Server, place: MonitorPlace): Promise<void> {
  server.listen(place.port, place.host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new SensorError('LISTEN_FAILED', `cannot listen on ${placeText(place)}: ${why(cause)}`, {
      cause,
    })
  }
}

function why(cause: unknown): string {
  const { code = '', message = '' } = cause as NodeJS.ErrnoException
  const help = reasons[code]
  return help ?? message
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program has the port; `ss -ltnp` shows which, or set another `monitor.listen`',
  EADDRNOTAVAIL: 'this machine has no such address; `ip address` shows its own',
  EACCES: 'ports below 1024 are not for this user; set another `monitor.listen`',
}

async function answer(
  { method, url = '', headers }: IncomingMessage,
  token: Secret | undefined,
  routes: Readonly<Record<string, Route>>,
  onFault: (error: unknown) => void,
): Promise<Page> {
  const path = url.split('?', 1)[0] ?? ''
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (token === undefined && !isOurs(headers.host)) {
    return plain(403, 'ask for this machine by its address, 127.0.0.1 or [::1]')
  }
  if (route === undefined) return plain(404, `there are ${Object.keys(routes).join(', ')}`)
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD are answered')
  if (token !== undefined && !route.open && !isShown(headers.authorization, token)) {
    return plain(401, 'this wants a header `Authorization: Bearer …`')
  }
  try {
    return await route.page()
  } catch (error) {
    onFault(error)
    return plain(500, 'the sensor cannot tell')
  }
}

/** A page in a browser can name an own host that resolves to us; it cannot name us in `Host` then. */
function isOurs(host: string | undefined): boolean {
  return host === undefined || isLoopback(host.replace(/:\d*$/, ''))
}

/** Compares digests, so that neither length nor content shows in the time it takes. */
function isShown(header: string | undefined, token: Secret): boolean {
  const [, shown = ''] = /^bearer +(.+)$/i.exec(header ?? '') ?? []
  return timingSafeEqual(digest(shown), digest(token.reveal()))
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}

export function plain(status: number, body: string): Page {
  return { status, type: text, body: `${body}\n` }
}

function write({ method }: IncomingMessage, response: ServerResponse, page: Page): void {
  const { status, type, body } = page
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
  })
  response.end(method === 'HEAD' ? '' : body)
}
