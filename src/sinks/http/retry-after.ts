/** Longest pause that a far side gets (DELIVERY R13): 15 minutes in ms. */
export const longestPause = 900_000

/**
 * `Retry-After` in ms from `now` (ms): seconds or an HTTP date (RFC 9110 10.2.3), fractions too.
 * Undefined when it is missing or makes no sense.
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : httpDate(text) - now
  return Number.isFinite(ms) ? Math.min(longestPause, Math.max(0, ms)) : undefined
}

/** Only the three forms of RFC 9110 5.6.7: `Date.parse` alone would take `-1` for a year. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN
}
