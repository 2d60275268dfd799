const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const durationText = /^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d|w))+$/
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g

/** `90s`, `1h30m`, `7d` or `0` in milliseconds; `undefined` when it is none of these. */
export function parseDuration(text: string | number): number | undefined {
  if (text === 0 || text === '0') return 0
  if (typeof text !== 'string' || !durationText.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(part)) {
    total += Number(amount) * units[unit as keyof typeof units]
  }
  return Number.isSafeInteger(total) ? total : undefined
}

/** A duration that the schema has checked already, in milliseconds; a wrong one is 0. */
export function milliseconds(checked: string | number): number {
  return parseDuration(checked) ?? 0
}
