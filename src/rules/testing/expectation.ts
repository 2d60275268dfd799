import { type Faults, quote } from '../fault.ts'
import { type MapNode, type Node, plain } from '../yaml/node.ts'
import { type Expectation } from './spec.ts'

const anything = { level: undefined, fields: new Map<string, unknown>(), matched: [] }
const endless = Number.POSITIVE_INFINITY

/** `match`, `no-match`, or a map of what is expected; undefined with a fault. */
export function parseExpectation(node: Node, faults: Faults): Expectation | undefined {
  if (node.type === 'scalar') {
    if (node.value === 'match') return { least: 1, most: endless, ...anything }
    if (node.value === 'no-match') return { least: 0, most: 0, ...anything }
  }
  if (node.type === 'map') return parseMap(node, faults)
  return faults.error(node.offset, '`expect` is match, no-match, or a map such as `{alerts: 1}`')
}

const known = ['alerts', 'at-least', 'at-most', 'level', 'fields', 'matched']

function parseMap(map: MapNode, faults: Faults): Expectation | undefined {
  for (const [name, { offset }] of map.entries) {
    if (!known.includes(name)) {
      faults.error(offset, `\`expect\` has no ${quote(name)}; it has ${known.join(', ')}`)
    }
  }
  const alerts = count(map, 'alerts', faults)
  const least = alerts ?? count(map, 'at-least', faults)
  const most = alerts ?? count(map, 'at-most', faults) ?? endless
  if (faults.fatal) return undefined
  const fields = map.entries.get('fields')?.value
  const matched = map.entries.get('matched')?.value
  const level = map.entries.get('level')?.value
  return {
    // What is said about alerts is said about at least one.
    least: least ?? (map.entries.has('at-most') ? 0 : 1),
    most,
    level: level?.type === 'scalar' ? level.text : undefined,
    fields: fields === undefined ? new Map() : flatten(plain(fields)),
    matched: matched === undefined ? [] : [plain(matched)].flat().map(String),
  }
}

function count(map: MapNode, name: string, faults: Faults): number | undefined {
  const value = map.entries.get(name)?.value
  if (value === undefined) return undefined
  const number = value.type === 'scalar' ? value.value : undefined
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number
  return faults.error(value.offset, `\`${name}\` is a whole number`)
}

/** Nested maps as dotted names. */
function flatten(value: unknown, path = ''): Map<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return new Map([[path, value]])
  }
  const flat = new Map<string, unknown>()
  for (const [name, inner] of Object.entries(value)) {
    const below = flatten(inner, path === '' ? name : `${path}.${name}`)
    for (const [key, one] of below) flat.set(key, one)
  }
  return flat
}
