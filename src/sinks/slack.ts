import { milliseconds } from '../config/duration.ts'
import { Secret, secretText } from '../config/secret.ts'
import { duration } from '../config/section.ts'
import { Type } from '../config/type.ts'
import { slackMessage } from './formats/slack.ts'
import { type Answer, oneLine, statusFailure } from './http/answer.ts'
import { Hold } from './http/hold.ts'
import { placeOf, placeOptions } from './http/place.ts'
import { sendInLanes } from './lanes.ts'
import { type Alert, defineSink, SinkError } from './sink.ts'
import { Tls, tlsOptions } from './tls.ts'

const schema = Type.Object(
  {
    url: secretText({
      minLength: 1,
      description: 'URL of the incoming webhook, which is a secret: who has it can post.',
      examples: ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX'],
    }),
    per_second: Type.Number({
      minimum: 0.01,
      maximum: 10,
      default: 1,
      description: 'Messages a second; more than one, and Slack may switch the app off.',
    }),
    burst: Type.Integer({
      minimum: 1,
      maximum: 20,
      default: 3,
      description: 'Messages at once after a quiet time.',
    }),
    timeout: duration({
      default: '20s',
      minDuration: '100ms',
      maxDuration: '5m',
      description: 'Longest time for one message.',
    }),
    ...placeOptions,
    tls: tlsOptions,
  },
  { additionalProperties: false, description: 'A Slack channel, by an incoming webhook.' },
)

export const slack = defineSink(schema, async (options, { log }) => {
  // Loaded with the first sink of the kind: who has none does not pay for it.
  const { checkUrl, httpClient } = await import('./http/client.ts')
  const url = new Secret(options.url)
  const place = { url, rules: placeOf(options) }
  checkUrl(place)
  const tls = new Tls(options.tls, log)
  const timeout = milliseconds(options.timeout)
  const client = httpClient({ ...place, tls, timeout, connections: 1 })
  const hold = new Hold()
  const headers = { 'content-type': 'application/json', 'user-agent': 'orthrus' }
  let said: string | undefined

  const sendOne = async ({ document }: Alert) => {
    hold.check()
    const body = slackMessage(document)
    const answer = await client.send({ method: 'POST', headers, body })
    said = `${client.place} answered ${answer.status} ${oneLine(answer.body)}`.trimEnd()
    const failure = slackFailure(client.place, answer)
    if (failure !== undefined) throw hold.after(failure)
  }
  return {
    limits: { alerts: 20 },
    chat: { perSecond: options.per_second, burst: options.burst },
    send: batch => sendInLanes(batch, 1, sendOne),
    close: () => client.close(),
    check: async () => void checkUrl(place),
    answer: () => said,
    status: () => ({ degraded: tls.degraded, certificateExpires: tls.expires?.toISOString() }),
  }
})

/** Only `ok` is a yes: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slackFailure(what: string, answer: Answer): SinkError | undefined {
  const failure = statusFailure(what, answer, Date.now())
  if (failure !== undefined || answer.body.trim() === 'ok') return failure
  const message = `${what} answered ${answer.status}, but not \`ok\`: ${oneLine(answer.body)}`
  return new SinkError('configuration', `${message}; look whether the URL is that of a webhook`, {
    status: answer.status,
    body: answer.body.slice(0, 1024),
  })
}
