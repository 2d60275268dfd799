import { type CorrelationRule, type CorrelationType, type Document } from '../ast.ts'
import { type Faults, orList, quote } from '../fault.ts'
import { type Entry, type MapNode } from '../yaml/node.ts'
import { parseAliases } from './aliases.ts'
import { Attributes } from './attributes.ts'
import { parseReferences } from './filter.ts'
import { parseCorrelationCondition } from './threshold.ts'

const types: readonly CorrelationType[] = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
]

const known = ['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate', 'field']

/** A correlation; undefined with faults. */
export function parseCorrelation(
  map: MapNode,
  document: Document,
  faults: Faults,
): CorrelationRule | undefined {
  const entry = map.entries.get('correlation')
  if (entry?.value.type !== 'map') {
    return faults.error(entry?.offset ?? 0, '`correlation` is a map of type, rules, timespan …')
  }
  const inner = entry.value
  const read = new Attributes(inner, faults)
  warnUnknown(inner, faults)
  const type = read.word('type', types)
  if (read.entry('type') === undefined) {
    faults.error(entry.offset, `\`type\` is missing; allowed are ${orList(types)}`)
  }
  const rules = parseReferences(inner.entries.get('rules'), entry.offset, faults) ?? []
  const timespan = parseTimespan(read, faults)
  const condition = type && parseCorrelationCondition(type, inner, rules, faults)
  const rest = {
    groupBy: parseGroupBy(inner.entries.get('group-by'), faults),
    aliases: parseAliases(inner.entries.get('aliases'), faults),
    generate: read.flag('generate') ?? new Attributes(map, faults).flag('generate') ?? false,
  }
  const missing = type === undefined || timespan === undefined || condition === undefined
  if (missing || faults.fatal) return undefined
  return { ...document, kind: 'correlation', type, rules, timespan, condition, ...rest }
}

function warnUnknown({ entries }: MapNode, faults: Faults): void {
  for (const [name, { offset }] of entries) {
    if (known.includes(name) || name === 'percentile') continue
    faults.warn(offset, `\`correlation\` has no ${quote(name)}; it has ${known.join(', ')}`)
  }
}

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, M: 2_629_746, y: 31_556_952 } as const

/** `15m` in µs. */
function parseTimespan(read: Attributes, faults: Faults): number | undefined {
  const text = read.demanded('timespan', 64)
  if (text === undefined) return undefined
  const [, count = '', unit = ''] = /^(\d{1,9})\s*([smhdwMy])$/.exec(text) ?? []
  const seconds = Number(count) * (units[unit as keyof typeof units] ?? 0)
  if (seconds > 0) return seconds * 1_000_000
  const place = read.offset('timespan')
  return faults.error(place, `${quote(text)} is no timespan; write it as 30s, 15m, 1h or 7d`)
}

function parseGroupBy(entry: Entry | undefined, faults: Faults) {
  const node = entry?.value
  const items = node?.type === 'list' ? node.items : node === undefined ? [] : [node]
  return items.flatMap(item => {
    if (item.type === 'scalar' && item.text !== '') return { name: item.text, offset: item.offset }
    faults.error(item.offset, '`group-by` is a list of fields')
    return []
  })
}
