// RFC 1035 2.3.4, without the dot of the root.
const longestName = 253
const longestLabel = 63

/**
 * A name that a host may have, in lower case and without the dot of the root; `undefined` for
 * anything else that stood where a name should: other characters (an internationalised name is ASCII
 * on the wire, RFC 5890), empty or long labels, addresses.
 */
export function hostName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const end = text.endsWith('.') ? text.length - 1 : text.length
  if (end > longestName) return undefined
  for (let start = 0; start <= end; ) {
    const stop = labelEnd(text, start, end)
    if (!isLabel(text, start, stop)) return undefined
    start = stop + 1
  }
  // RFC 3696 2: what ends in a number is an address.
  if (isNumber(text, text.lastIndexOf('.', end - 1) + 1, end)) return undefined
  return (end === text.length ? text : text.slice(0, end)).toLowerCase()
}

/** The name in a Host header (RFC 9110 7.2), without its port. */
export function headerHost(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const colon = text.indexOf(':')
  return hostName(colon < 0 ? text : text.slice(0, colon))
}

function labelEnd(text: string, start: number, end: number): number {
  const stop = text.indexOf('.', start)
  return stop < 0 || stop > end ? end : stop
}

function isLabel(text: string, start: number, end: number): boolean {
  if (end === start || end - start > longestLabel) return false
  for (let at = start; at < end; at++) if (!isNameCode(text.charCodeAt(at))) return false
  return true
}

function isNumber(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}

/** Letters, digits, hyphen, and the underscore that is in use all the same. */
function isNameCode(code: number): boolean {
  if (code >= 97) return code <= 122
  if (code >= 65) return code <= 90 || code === 95
  return code === 45 || (code >= 48 && code <= 57)
}
