import { toUSVString } from 'node:util'
import { type Document } from '../../alerts/alert.ts'

/** What a reader can do without, the first goes first; a path of `orthrus` alone is all of ours. */
const optional: readonly (readonly string[])[] = [
  ['orthrus', 'evidence'],
  ['event', 'original'],
  ['threat'],
  ['rule', 'description'],
  ['rule', 'reference'],
  ['http'],
  ['dns', 'answers'],
  ['tls'],
  ['file'],
  ['user_agent'],
  ['url'],
  ['dns'],
  ['related'],
  ['orthrus'],
  ['observer', 'ingress'],
  ['device'],
  ['tags'],
  ['network'],
  ['destination'],
  ['source'],
]

/**
 * The document as JSON of at most `limit` bytes: whole if it fits, else without optional fields, one
 * after the other, marked `labels.truncated`; at last the message is cut. Undefined when not even
 * the rest fits. Valid JSON at every step; `encode` is what the format makes of it.
 */
export function jsonWithin(
  document: Document,
  limit: number,
  encode: (json: string) => string = json => json,
): string | undefined {
  const whole = encode(JSON.stringify(document))
  if (Buffer.byteLength(whole) <= limit) return whole
  const copy = structuredClone(document) as Record<string, unknown>
  copy['labels'] = { ...(copy['labels'] as object | undefined), truncated: 'true' }
  for (const path of optional) {
    drop(copy, path)
    const json = encode(JSON.stringify(copy))
    if (Buffer.byteLength(json) <= limit) return json
  }
  return withShortMessage(copy, limit, encode)
}

function withShortMessage(
  copy: Record<string, unknown>,
  limit: number,
  encode: (json: string) => string,
): string | undefined {
  const message = String(copy['message'] ?? '')
  for (const length of [512, 128, 32]) {
    // Not in the middle of a pair of surrogates.
    const json = encode(JSON.stringify({ ...copy, message: toUSVString(message.slice(0, length)) }))
    if (Buffer.byteLength(json) <= limit) return json
  }
  return undefined
}

function drop(document: Record<string, unknown>, path: readonly string[]): void {
  let inside: unknown = document
  for (const name of path.slice(0, -1)) {
    inside = typeof inside === 'object' && inside !== null ? Reflect.get(inside, name) : undefined
  }
  const last = path.at(-1)
  if (typeof inside === 'object' && inside !== null && last !== undefined) {
    Reflect.deleteProperty(inside, last)
  }
}
