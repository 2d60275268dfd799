import { filled } from '../../protocols/ecs-parts.ts'
import { type HttpRequest } from '../../protocols/http.ts'
import { type UrlFields, urlFields } from '../../protocols/http-ecs.ts'
import { type HttpEvent } from '../../protocols/http-events.ts'
import { type SlotTable } from './context.ts'

/** Fields that most HTTP rules read; the rest comes from the document. */
export const httpSlots: SlotTable<HttpEvent> = {
  'event.action': () => event => event.action,
  'network.protocol': () => () => 'http',
  'http.request.method':
    () =>
    ({ request }) =>
      request?.method,
  'http.request.referrer':
    () =>
    ({ request }) =>
      request?.referrer || undefined,
  'http.response.status_code':
    () =>
    ({ response }) =>
      response?.status,
  'user_agent.original':
    () =>
    ({ request }) =>
      request?.userAgent || undefined,
  'orthrus.http.header_names': () => headerNames,
  'url.original':
    () =>
    ({ request }) =>
      request?.target || undefined,
  'url.domain': () => event => url(event)?.domain,
  'url.path': () => event => url(event)?.path,
  'url.query': () => event => url(event)?.query,
  'url.extension': () => event => url(event)?.extension,
  'url.full': () => event => url(event)?.full,
}

function headerNames({ request, response }: HttpEvent): readonly string[] | undefined {
  const asked = filled(request?.headerNames ?? []) ?? []
  const answered = filled(response?.headerNames ?? []) ?? []
  return filled([...new Set([...asked, ...answered])])
}

let request: HttpRequest | undefined
let known: UrlFields | undefined

/** Parts of the URL; many rules ask for those of one request. */
function url(event: HttpEvent): UrlFields | undefined {
  if (event.request === undefined) return undefined
  if (event.request !== request || known === undefined) {
    request = event.request
    known = urlFields(request.method, request.target, request.host)
  }
  return known
}
