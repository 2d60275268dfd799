export type Leaf = string | number | boolean

/** Nested fields of a document; `undefined` and what is empty stand for absent. */
export interface Fields {
  readonly [name: string]: Leaf | readonly Leaf[] | Fields | undefined
}

/**
 * The parts of a document as one: objects are joined, lists united, later values win; absent fields
 * (`undefined`, empty lists and objects) are left out. ECS asks for absence, never for null.
 */
export function joinFields(...parts: readonly Fields[]): Fields {
  const joined: Record<string, Fields[string]> = {}
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      const both = joinValues(joined[name], value)
      if (both !== undefined) joined[name] = both
    }
  }
  return joined
}

function joinValues(before: Fields[string], value: Fields[string]): Fields[string] {
  if (value === undefined) return before
  if (isList(value)) return nonEmpty([...new Set([...(isList(before) ? before : []), ...value])])
  if (typeof value !== 'object') return value
  const joined = joinFields(...(isFields(before) ? [before] : []), value)
  return Object.keys(joined).length === 0 ? undefined : joined
}

function nonEmpty(list: readonly Leaf[]): readonly Leaf[] | undefined {
  return list.length === 0 ? undefined : list
}

function isList(value: Fields[string]): value is readonly Leaf[] {
  return Array.isArray(value)
}

function isFields(value: Fields[string]): value is Fields {
  return typeof value === 'object' && !isList(value)
}
