/** A nested piece of an ECS document. */
export type Fields = { readonly [name: string]: Value }

/** A value in it; undefined means that the field is absent. */
export type Value = string | number | boolean | readonly string[] | Fields | undefined

/** The same without absent members and empty objects: absent data is an absent field. */
export function compact(fields: Record<string, Value>): Fields {
  const kept: Record<string, Value> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !isEmptyObject(value)) kept[name] = value
  }
  return kept
}

function isEmptyObject(value: Value): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0
}

/** The list, or undefined when it is empty. */
export function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

/** True, or undefined for a fact that does not hold. */
export function flag(holds: boolean): true | undefined {
  return holds || undefined
}
