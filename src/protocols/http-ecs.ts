import { filled } from './ecs-parts.ts'
import { type HttpRequest, type HttpResponse } from './http.ts'

/** ECS `url` of a request target. */
export interface UrlFields {
  readonly original?: string
  readonly scheme?: string
  readonly domain?: string
  readonly port?: number
  readonly path?: string
  readonly query?: string
  readonly fragment?: string
  readonly extension?: string
  readonly full?: string
}

interface BodyFields {
  readonly mime_type?: string
  readonly body?: { readonly bytes: number }
}

/** The part of an `orthrus.http` document that a head itself fills. */
export interface HttpFields {
  readonly http: {
    readonly version?: string
    readonly request?: BodyFields & { readonly method: string; readonly referrer?: string }
    readonly response?: BodyFields & { readonly status_code: number }
  }
  readonly url?: UrlFields
  readonly user_agent?: { readonly original: string }
  readonly orthrus: {
    readonly http: { readonly header_names?: readonly string[]; readonly cut?: true }
  }
}

const MAX_EXTENSION = 16

/** ECS fields of a head (EVENTS.md `orthrus.http`). Header names are those of this head. */
export function httpFields(head: HttpRequest | HttpResponse): HttpFields {
  return head.kind === 'request' ? requestFields(head) : responseFields(head)
}

/**
 * The parts of a target in any form of RFC 9112 3.2, with `host` (the Host header) where the target
 * names none. `full` needs a host.
 */
export function urlFields(method: string, target: string, host?: string): UrlFields {
  if (target === '')
    return host ? { scheme: 'http', ...authority(host), full: `http://${host}` } : {}
  if (method === 'CONNECT') return { original: target, ...authority(target) }
  const scheme = schemeOf(target)
  if (scheme === undefined) return originForm(target, host)
  const rest = target.slice(scheme.length + 3)
  const slash = firstOf(rest, '/?#')
  const path = rest.slice(slash)
  const where = rest.slice(0, slash)
  return { original: target, scheme, ...authority(where), ...pathFields(path), full: target }
}

function requestFields(head: HttpRequest): HttpFields {
  const { referrer, userAgent } = head
  return {
    http: {
      ...versionField(head),
      request: {
        method: head.method,
        ...(referrer && { referrer }),
        ...bodyFields(head),
      },
    },
    url: urlFields(head.method, head.target, head.host),
    ...(userAgent && { user_agent: { original: userAgent } }),
    orthrus: { http: own(head) },
  }
}

function responseFields(head: HttpResponse): HttpFields {
  return {
    http: {
      ...versionField(head),
      response: { status_code: head.status, ...bodyFields(head) },
    },
    orthrus: { http: own(head) },
  }
}

function versionField(head: HttpRequest | HttpResponse): { version?: string } {
  return head.version === undefined ? {} : { version: head.version }
}

function own(head: HttpRequest | HttpResponse): HttpFields['orthrus']['http'] {
  const names = filled(head.headerNames)
  return {
    ...(names && { header_names: names }),
    ...(head.cut && { cut: true as const }),
  }
}

function bodyFields(head: HttpRequest | HttpResponse): BodyFields {
  const type = head.contentType?.split(';', 1)[0]?.trim().toLowerCase()
  const length = head.contentLength
  return {
    ...(type && { mime_type: type }),
    ...(length !== undefined && { body: { bytes: length } }),
  }
}

function originForm(target: string, host: string | undefined): UrlFields {
  const parts = { original: target, ...pathFields(target) }
  if (!host) return parts
  const full = target.startsWith('/') ? `http://${host}${target}` : `http://${host}`
  return { ...parts, scheme: 'http', ...authority(host), full }
}

// RFC 3986 3.1, and only before `://`
function schemeOf(target: string): string | undefined {
  const end = target.indexOf('://')
  if (end < 1 || end > 16) return undefined
  for (let i = 0; i < end; i++) {
    const c = target.charCodeAt(i) | 0x20
    if (c < 97 || c > 122) return undefined
  }
  return target.slice(0, end).toLowerCase()
}

// ECS keeps the brackets of an IPv6 literal.
function authority(text: string): { domain?: string; port?: number } {
  const colon = text.lastIndexOf(':')
  const hasPort = colon > text.lastIndexOf(']')
  const domain = hasPort ? text.slice(0, colon) : text
  const port = hasPort ? Number(text.slice(colon + 1)) : Number.NaN
  return {
    ...(domain !== '' && { domain }),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 && { port }),
  }
}

function pathFields(text: string): Partial<UrlFields> {
  const hash = text.indexOf('#')
  const bare = hash < 0 ? text : text.slice(0, hash)
  const mark = bare.indexOf('?')
  const path = mark < 0 ? bare : bare.slice(0, mark)
  const query = mark < 0 ? '' : bare.slice(mark + 1)
  const fragment = hash < 0 ? '' : text.slice(hash + 1)
  const extension = extensionOf(path)
  return {
    ...(path !== '' && path !== '*' && { path }),
    ...(query !== '' && { query }),
    ...(fragment !== '' && { fragment }),
    ...(extension !== undefined && { extension }),
  }
}

function extensionOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  const extension = name.slice(dot + 1)
  if (dot < 0 || extension === '' || extension.length > MAX_EXTENSION) return undefined
  return extension
}

function firstOf(text: string, characters: string): number {
  for (let i = 0; i < text.length; i++) if (characters.includes(text.charAt(i))) return i
  return text.length
}
