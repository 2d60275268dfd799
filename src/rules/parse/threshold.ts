import {
  type CorrelationCondition,
  type CorrelationType,
  type Reference,
  type ReferenceExpression,
  type Threshold,
} from '../ast.ts'
import { type Faults, orList, quote } from '../fault.ts'
import { type Entry, type MapNode, type Node } from '../yaml/node.ts'
import { textOf } from './attributes.ts'
import { parseBoolean } from './boolean.ts'

const comparisons: readonly Threshold['comparison'][] = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq']

/** `condition` of a correlation; temporal ones without it want all of their rules. */
export function parseCorrelationCondition(
  type: CorrelationType,
  map: MapNode,
  rules: readonly Reference[],
  faults: Faults,
): CorrelationCondition | undefined {
  const entry = map.entries.get('condition')
  const temporal = type.startsWith('temporal')
  if (entry === undefined) {
    if (temporal) return allOf(rules)
    return faults.error(
      map.offset,
      `\`condition\` is missing; \`${type}\` needs one such as \`gte: 10\``,
    )
  }
  const { value } = entry
  if (value.type === 'map') return parseThresholds(type, map, value, faults)
  if (value.type === 'scalar' && typeof value.value === 'string' && temporal) {
    const expression = parseExtended(value.text, value.offset, rules, faults)
    return expression && { kind: 'expression', text: value.text, expression }
  }
  return faults.error(value.offset, '`condition` of a correlation is a map such as `gte: 10`')
}

function allOf(rules: readonly Reference[]): CorrelationCondition {
  const names = [...new Set(rules.map(({ name }) => name))]
  return threshold([{ comparison: 'gte', value: names.length }], [], undefined)
}

function threshold(
  comparisons: readonly Threshold[],
  fields: readonly string[],
  percentile: number | undefined,
): CorrelationCondition {
  return { kind: 'threshold', comparisons, fields, percentile }
}

function parseThresholds(
  type: CorrelationType,
  map: MapNode,
  condition: MapNode,
  faults: Faults,
): CorrelationCondition | undefined {
  const found: Threshold[] = []
  for (const [name, entry] of condition.entries) {
    const comparison = comparisons.find(one => one === name)
    if (comparison !== undefined) found.push(...thresholdOf(comparison, entry, faults))
    else if (name !== 'field' && name !== 'percentile') {
      const allowed = orList([...comparisons, 'field', 'percentile'])
      faults.error(entry.offset, `${quote(name)} is no condition; allowed are ${allowed}`)
    }
  }
  if (found.length === 0) {
    return faults.error(
      condition.offset,
      `the condition compares nothing; add ${orList(comparisons)}`,
    )
  }
  const fields = fieldsOf(type, condition, map, faults)
  const percentile = percentileOf(type, condition, map, faults)
  if (fields === undefined || faults.fatal) return undefined
  return threshold(found, fields, percentile)
}

function thresholdOf(comparison: Threshold['comparison'], entry: Entry, faults: Faults) {
  const value = numberOf(entry.value)
  if (value !== undefined) return [{ comparison, value }]
  faults.error(entry.value.offset, `\`${comparison}\` takes a number`)
  return []
}

function numberOf(node: Node | undefined): number | undefined {
  if (node?.type !== 'scalar' || node.value === null || typeof node.value === 'boolean')
    return undefined
  const value = Number(node.value)
  return node.text.trim() !== '' && Number.isFinite(value) ? value : undefined
}

/** pySigma reads `field` beside the comparisons; a list makes tuples of values. */
function fieldsOf(type: CorrelationType, condition: MapNode, map: MapNode, faults: Faults) {
  const node = (condition.entries.get('field') ?? map.entries.get('field'))?.value
  const wanted = type.startsWith('value_')
  if (node === undefined) {
    return wanted ? faults.error(condition.offset, `\`${type}\` needs a \`field\``) : []
  }
  const fields = (node.type === 'list' ? node.items : [node]).map(textOf)
  if (fields.length === 0 || fields.some(field => field === undefined || field === '')) {
    return faults.error(node.offset, '`field` is the name of a field, or a list of names')
  }
  if (fields.length > 1 && type !== 'value_count') {
    return faults.error(node.offset, `\`${type}\` takes one field; \`value_count\` takes several`)
  }
  return fields.filter(field => field !== undefined)
}

function percentileOf(
  type: CorrelationType,
  condition: MapNode,
  map: MapNode,
  faults: Faults,
): number | undefined {
  if (type !== 'value_percentile') return undefined
  const node = (condition.entries.get('percentile') ?? map.entries.get('percentile'))?.value
  const percentile = numberOf(node)
  if (percentile !== undefined && percentile >= 0 && percentile <= 100) return percentile
  const text =
    '`value_percentile` needs `percentile`, 0 to 100, beside the comparison of that value'
  return faults.error(node?.offset ?? condition.offset, text)
}

/** `r1 and not r2`: over the rules of the correlation. */
function parseExtended(
  text: string,
  offset: number,
  rules: readonly Reference[],
  faults: Faults,
): ReferenceExpression | undefined {
  return parseBoolean<ReferenceExpression>(text, offset, faults, {
    and: items => ({ op: 'and', items }),
    or: items => ({ op: 'or', items }),
    not: item => ({ op: 'not', item }),
    leaf: name => {
      if (rules.some(rule => rule.name === name)) return { op: 'rule', name, offset }
      const names = rules.map(rule => quote(rule.name)).join(', ')
      return faults.error(offset, `${quote(name)} is not in \`rules\`; there are ${names}`)
    },
    quantified: undefined,
  })
}
