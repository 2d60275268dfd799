import { type FaultClass, SinkError } from '../../outbox/sink-error.ts'
import { type Answer, pauseOf } from './rate-limit.ts'

export type { Answer }

/** What a dead letter keeps of a body. */
const bodyLimit = 1024
const transient = new Set([408, 425, 429, 500, 502, 503, 504])
const permanent = new Set([400, 413, 422])
/** What a person mends within a day, or nobody does. */
const refusing = new Set([401, 403, 404])
const refusalPatience = 24 * 3600_000

/** The failure that an HTTP status stands for (W1), or undefined for 2xx. `what` names the place. */
export function statusFailure(what: string, answer: Answer, now: number): SinkError | undefined {
  const { status } = answer
  if (status >= 200 && status < 300) return undefined
  const said = oneLine(answer.body)
  const words = `${what} answered ${status}${said === '' ? '' : `: ${said}`}${fix(status)}`
  return new SinkError(faultOf(status), words, {
    status,
    body: answer.body.slice(0, bodyLimit),
    retryAfter: pauseOf(answer, now),
    patience: refusing.has(status) ? refusalPatience : undefined,
  })
}

/** 520 to 529 are those of proxies in front of a server that is down. */
function faultOf(status: number): FaultClass {
  if (status === 410) return 'gone'
  if (transient.has(status) || (status >= 520 && status < 530)) return 'transient'
  return permanent.has(status) ? 'permanent' : 'configuration'
}

function fix(status: number): string {
  if (status >= 300 && status < 400) return '; redirects are not followed, give the final URL'
  if (status === 401 || status === 403) return '; the credentials or the signature are refused'
  if (status === 404) return '; look at the URL'
  if (status === 410) return '; the place is gone for good'
  return ''
}

/** The beginning of a body for a message: one line, at most 200 characters. */
export function oneLine(body: string): string {
  const text = body
    .slice(0, 400)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
