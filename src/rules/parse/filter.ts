import { type Document, type Expression, type FilterRule, type Reference } from '../ast.ts'
import { type Faults } from '../fault.ts'
import { type Placeholders } from '../modifiers/placeholders.ts'
import { type Entry, type MapNode } from '../yaml/node.ts'
import { textOf } from './attributes.ts'
import { parseConditions } from './condition.ts'
import { parseLogsource } from './logsource.ts'
import { parseSelections } from './selection.ts'

/** A filter; undefined with faults. */
export function parseFilter(
  map: MapNode,
  document: Document,
  faults: Faults,
  placeholders: Placeholders,
): FilterRule | undefined {
  const source = map.entries.get('logsource')
  const logsource = source && parseLogsource(source, document.offset, faults)
  const entry = map.entries.get('filter')
  if (entry?.value.type !== 'map') {
    return faults.error(
      entry?.offset ?? 0,
      '`filter` is a map of rules, selections and `condition`',
    )
  }
  const { entries } = entry.value
  const selections = parseSelections(entry.value, ['condition', 'rules'], faults, placeholders)
  if (faults.fatal) return undefined
  const conditions = parseConditions(
    entries.get('condition')?.value,
    selections,
    entry.offset,
    faults,
  )
  const rules = parseReferences(entries.get('rules'), entry.offset, faults)
  const [condition, second] = conditions
  if (second !== undefined) faults.error(second.offset, 'a filter has one condition')
  if (condition === undefined || faults.fatal) return undefined
  if (!excludes(condition.expression)) {
    const text = 'a filter is added to its rules as written; to exclude, say `not`'
    faults.warn(condition.offset, text)
  }
  const every = rules?.length === 1 && rules[0]?.name === 'any'
  return {
    ...document,
    kind: 'filter',
    logsource,
    rules: every ? undefined : rules,
    selections,
    condition,
  }
}

function excludes(expression: Expression): boolean {
  if (expression.op === 'not') return true
  return (expression.op === 'and' || expression.op === 'or') && expression.items.some(excludes)
}

/** `rules`: ids and names, as a list or a single one; undefined with a fault. */
export function parseReferences(
  entry: Entry | undefined,
  offset: number,
  faults: Faults,
): readonly Reference[] | undefined {
  const node = entry?.value
  const items = node?.type === 'list' ? node.items : node === undefined ? [] : [node]
  const references = items.flatMap(item => {
    const name = textOf(item)
    if (name !== undefined && name !== '') return { name, offset: item.offset }
    faults.error(item.offset, '`rules` holds ids and names of rules')
    return []
  })
  if (references.length > 0) return references
  if (items.length > 0) return undefined
  return faults.error(entry?.offset ?? offset, '`rules` is missing; list ids or names of rules')
}
