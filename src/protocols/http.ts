import { HttpHead, isBlank, lineEnd, readHeaderLines, trimEnd, versionOf } from './http-head.ts'
import { intern } from './intern.ts'
import { utf8 } from './text.ts'

const MAX_METHOD = 32
const MAX_LEADING = 8
const HTTP = Uint8Array.of(72, 84, 84, 80, 47) // HTTP/
const ICY = Uint8Array.of(73, 67, 89, 32) // ICY, as streaming servers call it

/** A request head. `target` is as sent (RFC 9112 3.2), but without credentials before the host. */
export class HttpRequest extends HttpHead {
  readonly kind = 'request'
  readonly method: string
  readonly target: string

  constructor(method: string, target: string, ...head: ConstructorParameters<typeof HttpHead>) {
    super(...head)
    this.method = method
    this.target = withoutCredentials(target)
  }

  get host(): string | undefined {
    return this.value('host')
  }

  get userAgent(): string | undefined {
    return this.value('user-agent')
  }

  get referrer(): string | undefined {
    const text = this.value('referer')
    return text === undefined ? undefined : withoutCredentials(text)
  }
}

/** A response head. */
export class HttpResponse extends HttpHead {
  readonly kind = 'response'
  readonly status: number

  constructor(status: number, ...head: ConstructorParameters<typeof HttpHead>) {
    super(...head)
    this.status = status
  }

  get server(): string | undefined {
    return this.value('server')
  }
}

/**
 * The HTTP/1 request or response head that starts at `start`; undefined when the first line is
 * neither. `end` of the result is where its body starts.
 */
export function decodeHttp(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): HttpRequest | HttpResponse | undefined {
  return decodeHttpResponse(bytes, start, end) ?? decodeHttpRequest(bytes, start, end)
}

/**
 * A request head (RFC 9112 3): any method of token characters, any target, spaces in it included,
 * when the line ends in a version; with a wrong one the usual methods, without one GET (HTTP/0.9). Empty lines before it are passed
 * (2.2). A line that the bytes cut is taken for GET, POST and the like only.
 */
export function decodeHttpRequest(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): HttpRequest | undefined {
  const stop = Math.min(end, bytes.length)
  const from = skipEmptyLines(bytes, Math.max(start, 0), stop)
  const methodEnd = tokenEnd(bytes, from, stop)
  if (methodEnd === from || !isBlank(bytes[methodEnd] ?? 0)) return undefined
  const method = intern(bytes, from, methodEnd)
  const lf = lineEnd(bytes, methodEnd, stop)
  return lf < 0
    ? cutRequest(bytes, method, methodEnd, stop)
    : wholeRequest(bytes, method, methodEnd, lf, stop)
}

/** A response head (RFC 9112 4): version, even a wrong one, three digits, perhaps a reason. */
export function decodeHttpResponse(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): HttpResponse | undefined {
  const stop = Math.min(end, bytes.length)
  const from = Math.max(start, 0)
  const icy = startsWith(bytes, from, stop, ICY)
  if (!icy && !startsWith(bytes, from, stop, HTTP)) return undefined
  const versionEnd = wordEnd(bytes, from, Math.min(stop, from + 13))
  const version = icy ? '1.0' : versionOf(bytes, from + HTTP.length, versionEnd)
  const at = skipBlanks(bytes, versionEnd, Math.min(stop, versionEnd + 8))
  const status = statusAt(bytes, at, stop)
  if (status === undefined || versionEnd === from + HTTP.length) return undefined
  const lf = lineEnd(bytes, at, stop)
  const lines = lf < 0 ? { at: [], end: stop, cut: true } : readHeaderLines(bytes, lf + 1, stop)
  return new HttpResponse(status, bytes, version, lines)
}

const SIMPLE = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'PATCH'])

// The target alone is worth an event: a long one is what an attack looks like.
function cutRequest(
  bytes: Uint8Array,
  method: string,
  at: number,
  end: number,
): HttpRequest | undefined {
  const target = utf8(bytes, skipBlanks(bytes, at, end), end)
  if (!SIMPLE.has(method) || !isTarget(target)) return undefined
  const space = target.indexOf(' HTTP/')
  const shown = space < 0 ? target : target.slice(0, space)
  return new HttpRequest(method, shown, bytes, '1.1', { at: [], end, cut: true })
}

function wholeRequest(
  bytes: Uint8Array,
  method: string,
  methodEnd: number,
  lf: number,
  end: number,
): HttpRequest | undefined {
  const to = trimEnd(bytes, methodEnd, lf)
  const from = skipBlanks(bytes, methodEnd, to)
  const versionAt = findVersion(bytes, from, to)
  const version = versionAt < 0 ? undefined : versionOf(bytes, versionAt + 5, to)
  if (versionAt < 0) return oldRequest(bytes, method, from, to, lf)
  if (method === 'PRI' && version === '2.0') return undefined // RFC 9113 3.4: HTTP/2 begins
  const target = utf8(bytes, from, trimEnd(bytes, from, versionAt))
  if (version === undefined && !(SIMPLE.has(method) && isTarget(target))) return undefined
  return new HttpRequest(method, target, bytes, version, readHeaderLines(bytes, lf + 1, end))
}

// HTTP/0.9: `GET /path`, nothing else
function oldRequest(
  bytes: Uint8Array,
  method: string,
  from: number,
  to: number,
  lf: number,
): HttpRequest | undefined {
  const target = utf8(bytes, from, to)
  if (method !== 'GET' || !isTarget(target) || target.includes(' ')) return undefined
  return new HttpRequest(method, target, bytes, '0.9', { at: [], end: lf + 1, cut: false })
}

function isTarget(text: string): boolean {
  return text.startsWith('/') || text.startsWith('http://') || text.startsWith('https://')
}

// The last ` HTTP/` of the line: a target may hold spaces, real servers take them, or be missing.
function findVersion(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - HTTP.length; at >= from; at--) {
    if (isBlank(bytes[at - 1] ?? 0)) return startsWith(bytes, at, to, HTTP) ? at : -1
  }
  return -1
}

function statusAt(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (at + 3 > end) return undefined
  let status = 0
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] ?? 0) - 48
    if (digit < 0 || digit > 9) return undefined
    status = status * 10 + digit
  }
  const behind = at + 3 < end ? (bytes[at + 3] ?? 0) : 10
  const closed = isBlank(behind) || behind === 13 || behind === 10
  return closed && status >= 100 ? status : undefined
}

function skipEmptyLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && at < start + MAX_LEADING && (bytes[at] === 13 || bytes[at] === 10)) at++
  return at
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(bytes[at] ?? 0)) at++
  return at
}

function wordEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && !isBlank(bytes[at] ?? 0)) at++
  return at
}

// RFC 9110 5.6.2: letters, digits and these
const TOKEN = new Uint8Array(256)
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[character.charCodeAt(0)] = 1
  TOKEN[character.toLowerCase().charCodeAt(0)] = 1
}

function tokenEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && at < start + MAX_METHOD && TOKEN[bytes[at] ?? 0] === 1) at++
  return at
}

function startsWith(bytes: Uint8Array, at: number, end: number, prefix: Uint8Array): boolean {
  if (at + prefix.length > end) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
  return true
}

/** A URL without `user:password@` before its host; anything else as it is. */
export function withoutCredentials(url: string): string {
  const scheme = url.indexOf('://')
  if (scheme < 0 || scheme > 16) return url
  const from = scheme + 3
  for (let at = from; at < url.length; at++) {
    const c = url[at]
    if (c === '/' || c === '?' || c === '#') return url
    if (c === '@') return url.slice(0, from) + url.slice(at + 1)
  }
  return url
}
