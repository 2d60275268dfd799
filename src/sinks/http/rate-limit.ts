import { longestPause, retryAfter } from './retry-after.ts'

/** What a server said; the body is cut at 64 KiB. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/**
 * ms that an answer asks to be left alone: `Retry-After`; the `retry_after` seconds in the body of a
 * 429, as Discord sends them; and `X-RateLimit-Reset-After` when nothing remains. The longest counts.
 * https://docs.discord.com/developers/topics/rate-limits
 */
export function pauseOf(answer: Answer, now: number): number | undefined {
  const limited = answer.status === 429
  const pauses = [
    retryAfter(header(answer, 'retry-after'), now),
    limited ? secondsIn(answer.body) : undefined,
    limited || header(answer, 'x-ratelimit-remaining') === '0'
      ? retryAfter(header(answer, 'x-ratelimit-reset-after'), now)
      : undefined,
  ].filter(pause => pause !== undefined)
  return pauses.length === 0 ? undefined : Math.max(...pauses)
}

function secondsIn(body: string): number | undefined {
  const [, seconds] = /"retry_after"\s*:\s*(\d{1,9}(?:\.\d+)?)\s*[,}]/.exec(body) ?? []
  return seconds === undefined ? undefined : Math.min(longestPause, Number(seconds) * 1000)
}

function header({ headers }: Answer, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
