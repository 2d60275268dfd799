/** A nested piece of an ECS document. */
export type Fields = { readonly [name: string]: Value }

/** A value in it; undefined means that the field is absent. */
export type Value = string | number | boolean | readonly string[] | Fields | undefined

/** The same without absent members and empty objects: absent data is an absent field. */
export function compact(fields: Record<string, Value>): Fields {
  const kept: Record<string, Value> = {}
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && !isEmptyObject(value)) kept[name] = value
  }
  return kept
}

function isEmptyObject(value: Value): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
}

/** The list without its empty texts, or undefined when nothing is left. */
export function filled(list: readonly string[]): readonly string[] | undefined {
  const said = list.includes('') ? list.filter(text => text !== '') : list
  return said.length === 0 ? undefined : said
}

/** True, or undefined for a fact that does not hold. */
export function flag(holds: boolean): true | undefined {
  return holds || undefined
}
