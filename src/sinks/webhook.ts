import { milliseconds } from '../config/duration.ts'
import { Secret, secretText } from '../config/secret.ts'
import { duration } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { SensorError } from '../errors.ts'
import { type Alert } from '../outbox/queued.ts'
import { asciiText } from './formats/plain-text.ts'
import { formTemplate, jsonTemplate, textTemplate } from './formats/template.ts'
import { jsonWithin } from './formats/trim.ts'
import { oneLine, statusFailure } from './http/answer.ts'
import { Hold } from './http/hold.ts'
import { placeOf, placeOptions } from './http/place.ts'
import { pauseOf } from './http/rate-limit.ts'
import { keyOf, signedHeaders } from './http/signature.ts'
import { sendInLanes } from './lanes.ts'
import { defineSink, SinkError } from './sink.ts'
import { Tls, tlsOptions } from './tls.ts'

const templates = { json: jsonTemplate, text: textTemplate, form: formTemplate } as const
const contentTypes = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  form: 'application/x-www-form-urlencoded',
} as const
/** Connections that stay open; one of them at a time for each conversation. */
const width = 4
/** A document cut once for a server that says 413. */
const trimmedBytes = 8192

const schema = Type.Object(
  {
    url: secretText({
      minLength: 1,
      description: 'Where each alert is sent; shown as scheme and host only.',
      examples: ['https://siem.example.com/hooks/orthrus'],
    }),
    method: Type.Enum(['POST', 'PUT'], { default: 'POST', description: 'Method of the request.' }),
    secrets: Type.Array(Type.String({ secret: true, minLength: 1 }), {
      default: [],
      maxItems: 2,
      description:
        'Sign as Standard Webhooks say: `whsec_…` (shared) or `whsk_…` (Ed25519); two while one replaces the other.',
    }),
    headers: Type.Record(
      Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }),
      Type.String({ secret: true }),
      {
        additionalProperties: false,
        default: {},
        description: 'Headers of each request; values may hold `{{rule.name}}` and be secrets.',
      },
    ),
    encoding: Type.Enum(['json', 'text', 'form'], {
      default: 'json',
      description: 'What the body is, and so how fields are written into it.',
    }),
    body: Type.String({
      default: '',
      description:
        'Template with `{{rule.name}}` for fields and `{{.}}` for all; empty for the ECS document.',
    }),
    timeout: duration({
      default: '20s',
      minDuration: '100ms',
      maxDuration: '5m',
      description:
        'Longest time for one request, from resolving the name to the end of the answer.',
    }),
    ...placeOptions,
    tls: tlsOptions,
  },
  {
    additionalProperties: false,
    description: 'An HTTP server, one signed request for each alert.',
  },
)

export const webhook = defineSink(schema, async (options, { log }) => {
  // Loaded with the first sink of the kind: who has none does not pay for it.
  const { checkUrl, httpClient } = await import('./http/client.ts')
  const url = new Secret(options.url)
  const place = { url, rules: placeOf(options) }
  checkUrl(place)
  const secrets = signingSecrets(options.secrets)
  const render = bodyOf(options.body, options.encoding)
  const own = headerSecrets(options.headers)
  const headersFor = headerTemplates(own, contentTypes[options.encoding])
  const tls = new Tls(options.tls, log)
  const timeout = milliseconds(options.timeout)
  const hidden = [...secrets, ...own.values()]
  const client = httpClient({ ...place, tls, timeout, connections: width, secrets: hidden })
  const hold = new Hold()
  let said: string | undefined

  const post = async (alert: Alert, body: string) => {
    const signature = signedHeaders(secrets, { id: alert.id, time: Date.now(), body })
    const headers = { ...headersFor(alert), ...signature }
    const answer = await client.send({ method: options.method, headers, body })
    said = `${client.place} answered ${answer.status} ${oneLine(answer.body)}`.trimEnd()
    hold.for(pauseOf(answer, Date.now()))
    return statusFailure(client.place, answer, Date.now())
  }
  const sendOne = async (alert: Alert) => {
    hold.check()
    const failure = await post(alert, render(alert))
    if (failure === undefined) return
    const short = failure.status === '413' ? jsonWithin(alert.document, trimmedBytes) : undefined
    const second =
      short === undefined || short === alert.json
        ? failure
        : await post(alert, render(alert, short))
    if (second !== undefined) throw hold.after(second)
  }
  return {
    limits: { alerts: 64 },
    send: (batch, took) => sendInLanes(batch, width, sendOne, took),
    close: () => client.close(),
    check: async () => void checkUrl(place),
    answer: () => said,
    status: () => ({ degraded: tls.degraded, certificateExpires: tls.expires?.toISOString() }),
  }
})

/** The body of an alert; `json` is its document when it had to be cut. */
function bodyOf(template: string, encoding: keyof typeof templates) {
  if (template === '') return (alert: Alert, json = alert.json) => json
  const render = templates[encoding](template)
  return (alert: Alert, json?: string) =>
    render(json === undefined ? alert.document : (JSON.parse(json) as Alert['document']))
}

function signingSecrets(texts: readonly string[]): readonly Secret[] {
  const secrets = texts.map(one => new Secret(one))
  for (const secret of secrets) keyOf(secret.reveal())
  return secrets
}

/** Names come from the configuration alone. */
function headerSecrets(headers: Readonly<Record<string, string>>) {
  const all = Object.entries(headers).map(([name, value]) => {
    if (/^(webhook-|content-length$|host$|connection$|transfer-encoding$)/i.test(name)) {
      throw new SensorError(
        'CONFIG_INVALID',
        `header \`${name}\` is not yours to set; leave it out`,
      )
    }
    return [name.toLowerCase(), new Secret(value)] as const
  })
  return new Map(all)
}

/** Fields in values become printable ASCII. */
function headerTemplates(all: ReturnType<typeof headerSecrets>, contentType: string) {
  return ({ document }: Alert): Record<string, string> => ({
    'content-type': contentType,
    'user-agent': 'orthrus',
    ...Object.fromEntries(
      [...all].map(([name, value]) => {
        const text = textTemplate(value.reveal(), field => asciiText(field, 1024))(document)
        if (/[^\t\x20-\x7e]/.test(text)) {
          throw new SinkError('configuration', `header \`${name}\` holds what no header may`)
        }
        return [name, text]
      }),
    ),
  })
}
