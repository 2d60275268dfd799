import {
  certificateHash,
  domain,
  type Indicator,
  network,
  recognise,
  type Skipped,
  skip,
  type Take,
} from './indicator-value.ts'

/** A comparison of a STIX pattern: an object's property and a text. */
const comparison =
  /\b(domain-name:value|hostname:value|ipv[46]-addr:value|url:value|network-traffic:[\w.'"()-]*ja[34][\w.'"()-]*|x509-certificate:hashes\.'?[\w-]+'?)\s*(?:=|ISSUBSET)\s*'((?:[^'\\]|\\.)*)'/g
/** What makes one comparison alone say nothing. */
const joined = /\b(AND|NOT|FOLLOWEDBY)\b|!=/

interface StixObject {
  readonly type?: unknown
  readonly pattern?: unknown
  readonly pattern_type?: unknown
  readonly valid_until?: unknown
  readonly revoked?: unknown
  readonly name?: unknown
  readonly description?: unknown
}

/**
 * Indicators of a STIX 2.1 bundle (or of a TAXII envelope, which has `objects` too) by their patterns:
 * comparisons with `=`, joined by OR. False when it is none.
 */
export function parseStix(json: unknown, take: Take, skipped: Skipped): boolean {
  const objects = (json as { readonly objects?: unknown } | null)?.objects
  if (!Array.isArray(objects)) return false
  for (const [index, object] of objects.entries()) {
    const { type, revoked } = (object ?? {}) as StixObject
    if (type !== 'indicator' || revoked === true) continue
    if (!takeIndicator(object as StixObject, take)) skip(skipped, index + 1)
  }
  return true
}

function takeIndicator(object: StixObject, take: Take): boolean {
  const { pattern, pattern_type = 'stix', valid_until, name, description } = object
  if (typeof pattern !== 'string' || pattern_type !== 'stix') return false
  const bare = pattern.replace(/'(?:[^'\\]|\\.)*'/g, "''")
  if (joined.test(bare)) return false
  const until = typeof valid_until === 'string' ? Date.parse(valid_until) : Number.NaN
  const label = [name, description].find(text => typeof text === 'string')
  let taken = false
  for (const [, property = '', text = ''] of pattern.matchAll(comparison)) {
    const indicator = indicatorOf(property, text.replace(/\\(.)/g, '$1'))
    if (indicator === undefined) continue
    take(indicator, label as string | undefined, Number.isNaN(until) ? undefined : until)
    taken = true
  }
  return taken
}

function indicatorOf(property: string, text: string): Indicator | undefined {
  if (property.startsWith('domain-name') || property.startsWith('hostname')) {
    return domain(text.toLowerCase())
  }
  if (property.startsWith('ipv')) return network(text.toLowerCase())
  return property.startsWith('x509') ? certificateHash(text) : recognise(text)
}
