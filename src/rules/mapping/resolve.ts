import { type Logsource } from '../ast.ts'
import { isProduced } from './catalogue.ts'
import { ecsFields } from './ecs.ts'
import { type FieldMapping, to } from './field-mapping.ts'
import { type Kind, kinds } from './kind.ts'
import { type KindSource, kindSources } from './logsources.ts'
import { sigmaFields } from './sigma.ts'
import { zeekFields } from './zeek.ts'

const tables: Readonly<Record<string, readonly Readonly<Record<string, FieldMapping>>[]>> = {
  sigma: [sigmaFields, zeekFields, ecsFields],
  zeek: [zeekFields, ecsFields],
  ecs: [ecsFields],
}

/** Taxonomies whose names are known here. */
export const taxonomies: readonly string[] = Object.keys(tables)

/** What a field of a rule is in our events; one that no table knows keeps its name. */
export function mapField(taxonomy: string, field: string): FieldMapping {
  for (const table of tables[taxonomy] ?? []) {
    if (Object.hasOwn(table, field)) return table[field] ?? to(field)
  }
  return to(field)
}

/** Our names of a rule's field in one kind of event: those that it can have, else all. */
export function fieldNames(taxonomy: string, field: string, kind: Kind): readonly string[] {
  const mapping = mapField(taxonomy, field)
  const names = mapping.of?.[kind] ?? mapping.to
  const there = names.filter(name => isProduced(kind, name))
  return there.length === 0 ? names : there
}

/**
 * Kinds of events that a logsource means: those with which it agrees in one dimension and differs in
 * none. A dimension that is not set is any.
 */
export function kindsOf(logsource: Logsource): readonly Kind[] {
  const found = new Set(kindSources.filter(one => agrees(one, logsource)).flatMap(one => one.kinds))
  return kinds.filter(kind => found.has(kind))
}

const dimensions = ['category', 'product', 'service'] as const

function agrees(source: KindSource, logsource: Logsource): boolean {
  let common = 0
  for (const name of dimensions) {
    const [known, wanted] = [source[name], logsource[name]]
    if (known === undefined || wanted === undefined) continue
    if (!known.includes(wanted)) return false
    common++
  }
  return common > 0
}
