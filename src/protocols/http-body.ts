import { decodeHttp, type HttpRequest, type HttpResponse } from './http.ts'
import { lineEnd } from './http-head.ts'

const MAX_HEADS = 64
const MAX_CHUNKS = 1024

/** Where the next head starts when it cannot be told from what is there. */
export const UNKNOWN = -1

/**
 * Calls `found` for each head in `bytes[start, end)` of one direction of a connection, passing the
 * bodies between them (RFC 9112 9.3.2). `method` is the request a response answers, if known: HEAD
 * and CONNECT change what follows. Returns where the next head starts, beyond `end` while a body of
 * known length is still to come, or UNKNOWN. At most 64 heads in one call.
 */
export function readHttpHeads(
  bytes: Uint8Array,
  start: number,
  end: number,
  found: (head: HttpRequest | HttpResponse) => void,
  method?: string,
): number {
  const stop = Math.min(end, bytes.length)
  let at = Math.max(start, 0)
  for (let i = 0; i < MAX_HEADS && at >= 0 && at < stop; i++) {
    const head = decodeHttp(bytes, at, stop)
    if (head === undefined) return UNKNOWN
    found(head)
    at = nextHead(head, bytes, stop, method)
  }
  return at
}

/** Offset behind the body of `head`: see readHttpHeads. */
export function nextHead(
  head: HttpRequest | HttpResponse,
  bytes: Uint8Array,
  end: number,
  method?: string,
): number {
  if (head.cut) return UNKNOWN
  if (hasNoBody(head, method)) return switches(head, method) ? UNKNOWN : head.end
  if (head.chunked) return chunksEnd(bytes, head.end, end)
  const length = head.contentLength
  if (length !== undefined) return head.end + length
  // RFC 9112 6.3: a request without a length has no body, a response lasts until the end.
  return head.kind === 'request' ? head.end : UNKNOWN
}

// RFC 9112 6.3
function hasNoBody(head: HttpRequest | HttpResponse, method: string | undefined): boolean {
  if (head.kind === 'request') return head.method === 'CONNECT'
  const { status } = head
  return (
    status < 200 || status === 204 || status === 304 || method === 'HEAD' || isTunnel(head, method)
  )
}

function switches(head: HttpRequest | HttpResponse, method: string | undefined): boolean {
  if (head.kind === 'request') return head.method === 'CONNECT'
  return head.status === 101 || isTunnel(head, method)
}

function isTunnel(head: HttpResponse, method: string | undefined): boolean {
  return method === 'CONNECT' && head.status >= 200 && head.status < 300
}

// RFC 9112 7.1: size in hexadecimal, line end, data, line end; the size 0 ends it, trailers follow
function chunksEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  for (let i = 0; i < MAX_CHUNKS && at < end; i++) {
    const lf = lineEnd(bytes, at, Math.min(end, at + 256))
    const size = lf < 0 ? undefined : hexAt(bytes, at, lf)
    if (size === undefined) return UNKNOWN
    if (size === 0) return trailersEnd(bytes, lf + 1, end)
    at = lf + 1 + size
    if (bytes[at] === 13) at++
    if (bytes[at] === 10) at++
  }
  return UNKNOWN
}

function trailersEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const lf = lineEnd(bytes, at, end)
    if (lf < 0) return UNKNOWN
    if (lf === at || (lf === at + 1 && bytes[at] === 13)) return lf + 1
    at = lf + 1
  }
  return UNKNOWN
}

function hexAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  let size = 0
  let at = start
  for (; at < end && at < start + 8; at++) {
    const digit = hexDigit(bytes[at] ?? 0)
    if (digit < 0) break
    size = size * 16 + digit
  }
  return at === start ? undefined : size
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48
  const lower = c | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
