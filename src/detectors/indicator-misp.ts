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

type Json = Readonly<Record<string, unknown>>

/** Attributes by their type; those of other types are about files, people and other worlds. */
const types: Readonly<Record<string, (value: string) => Indicator | undefined>> = {
  domain: value => domain(value.toLowerCase()),
  hostname: value => domain(value.toLowerCase()),
  'domain|ip': value => domain((value.split('|')[0] ?? '').toLowerCase()),
  'hostname|port': value => domain((value.split('|')[0] ?? '').toLowerCase()),
  'ip-dst': value => network(value.toLowerCase()),
  'ip-src': value => network(value.toLowerCase()),
  'ip-dst|port': value => network((value.split('|')[0] ?? '').toLowerCase()),
  'ip-src|port': value => network((value.split('|')[0] ?? '').toLowerCase()),
  url: recognise,
  'ja3-fingerprint-md5': recognise,
  'ja4-plus': recognise,
  ja4: recognise,
  'x509-fingerprint-sha1': certificateHash,
  'x509-fingerprint-sha256': certificateHash,
}

/**
 * Attributes of MISP events that are meant for detection (`to_ids`): an event, a list of them, or an
 * answer of the interface. False when it is none of these.
 */
export function parseMisp(json: unknown, take: Take, skipped: Skipped): boolean {
  const found = [...attributesOf(json, '')]
  if (found.length === 0) return isAnswer(json)
  for (const [index, { attribute, label }] of found.entries()) {
    const { type, value, to_ids: wanted } = attribute
    const read = typeof type === 'string' ? types[type] : undefined
    if (read === undefined || wanted === false || wanted === '0') continue
    const indicator = typeof value === 'string' ? read(value) : undefined
    if (indicator === undefined) skip(skipped, index + 1)
    else take(indicator, label)
  }
  return true
}

interface Found {
  readonly attribute: Json
  readonly label: string
}

function* attributesOf(json: unknown, label: string): Generator<Found> {
  if (Array.isArray(json)) {
    for (const one of json) yield* attributesOf(one, label)
    return
  }
  if (!isMap(json)) return
  const { Event: event, Attribute: attributes, Object: objects, response, info } = json
  const name = typeof info === 'string' ? info : label
  for (const attribute of listOf(attributes)) yield { attribute, label: name }
  for (const object of listOf(objects)) yield* attributesOf(object, name)
  if (event !== undefined) yield* attributesOf(event, name)
  if (response !== undefined) yield* attributesOf(response, name)
}

/** Without an attribute, but of the right form. */
function isAnswer(json: unknown): boolean {
  const [one] = Array.isArray(json) ? json : [json]
  return (
    (Array.isArray(json) && json.length === 0) ||
    (isMap(one) && ('Event' in one || 'response' in one))
  )
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isMap) : []
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
