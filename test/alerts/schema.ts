import { EcsFlat } from '@elastic/ecs'

interface Field {
  readonly type: string
  readonly normalize?: readonly string[]
  readonly allowed_values?: readonly { readonly name: string }[]
}

const fields: Readonly<Record<string, Field>> = EcsFlat

const isType: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: value => typeof value === 'string',
  match_only_text: value => typeof value === 'string',
  wildcard: value => typeof value === 'string',
  constant_keyword: value => typeof value === 'string',
  date: value => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  ip: value => typeof value === 'string' && /^[0-9a-f.:]+$/.test(value),
  long: value => Number.isSafeInteger(value),
  float: value => typeof value === 'number',
  boolean: value => typeof value === 'boolean',
}

/** What of a document is against ECS 9.4; what stands under `orthrus` is ours. */
export function ecsFaults(document: object): string[] {
  return Object.entries(document).flatMap(([name, value]) => walk(name, value))
}

function walk(path: string, value: unknown): string[] {
  if (path === 'orthrus') return emptiness(path, value)
  if (value === undefined || value === null || value === '') return [`${path}: empty`]
  if (path === 'labels') {
    const flat = Object.values(value).every(one => typeof one === 'string')
    return flat ? [] : ['labels: nested or not text']
  }
  const field = fields[path]
  if (field?.type === 'object' && field.normalize?.includes('array') && Array.isArray(value)) {
    return value.flatMap(one =>
      Object.entries(one as object).flatMap(([name, inner]) => walk(`${path}.${name}`, inner)),
    )
  }
  if (field === undefined || field.type === 'object') {
    if (typeof value !== 'object' || Array.isArray(value)) return [`${path}: no such field`]
    return Object.entries(value).flatMap(([name, one]) => walk(`${path}.${name}`, one))
  }
  return check(path, field, value)
}

function check(path: string, field: Field, value: unknown): string[] {
  const isArray = field.normalize?.includes('array') === true
  if (isArray !== Array.isArray(value)) return [`${path}: array or not`]
  const values: unknown[] = Array.isArray(value) ? value : [value]
  const allowed = field.allowed_values?.map(one => one.name)
  return values.flatMap(one => {
    if (isType[field.type]?.(one) !== true) return [`${path}: ${String(one)} is no ${field.type}`]
    if (allowed !== undefined && !allowed.includes(String(one)))
      return [`${path}: ${one} not allowed`]
    return []
  })
}

function emptiness(path: string, value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [`${path}: empty`]
  if (typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, one]) => emptiness(`${path}.${name}`, one))
}
