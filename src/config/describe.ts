import { type ErrorObject } from 'ajv'
import { networkFault } from './address.ts'
import { type Complaint } from './fault.ts'
import { closest } from './suggest.ts'

/** One Ajv error (with `verbose`) as what is wrong, what was found, and what is allowed. */
export function describeError(error: ErrorObject): Complaint {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty'])
    return { path: [...path, key], part: 'key', message: unknownKey(path, key, error) }
  }
  if (error.keyword === 'required') {
    const name = dotted([...path, String(error.params['missingProperty'])])
    return { path, part: 'key', message: `\`${name}\` is missing` }
  }
  const what = path.length === 0 ? 'the file' : `\`${dotted(path)}\``
  const message = `${what} ${because(error)}`
  return { path, part: 'value', message }
}

function unknownKey(path: readonly string[], key: string, { parentSchema }: ErrorObject): string {
  const properties = parentSchema?.['properties'] as object | undefined
  const where = path.length === 0 ? '' : ` in \`${dotted(path)}\``
  if (properties === undefined) {
    const pattern = Object.keys((parentSchema?.['patternProperties'] as object | undefined) ?? {})
    return `\`${key}\` cannot be a name${where}; allowed is ${pattern.join(', ')}`
  }
  const known = Object.keys(properties)
  const meant = closest(key, known)
  const help = meant === undefined ? `known are ${known.join(', ')}` : `did you mean \`${meant}\`?`
  return `unknown key \`${key}\`${where}; ${help}`
}

function because(error: ErrorObject): string {
  const say = reasons[error.keyword]
  const found = error.parentSchema?.['secret'] === true ? 'something secret' : shown(error.data)
  return say === undefined
    ? `does not hold \`${error.keyword}\`, found ${found}`
    : say(error, found)
}

const reasons: Record<string, (error: ErrorObject, found: string) => string> = {
  type: ({ schema, parentSchema }, found) =>
    `must be ${wanted(schema, parentSchema)}, found ${found}`,
  enum: ({ schema, data }, found) => {
    const meant =
      typeof data === 'string' ? closest(data, (schema as unknown[]).map(String)) : undefined
    const help = meant === undefined ? '' : `; did you mean \`${meant}\`?`
    return `must be one of ${(schema as unknown[]).join(', ')}, found ${found}${help}`
  },
  const: ({ schema }, found) => `must be ${shown(schema)}, found ${found}`,
  format: ({ schema, data }, found) =>
    schema === 'network'
      ? `${networkFault(String(data)) ?? 'is wrong'}, found ${found}; write it as 192.0.2.0/24 or 2001:db8::/32`
      : `must be ${formats[String(schema)] ?? String(schema)}, found ${found}`,
  minDuration: ({ schema, parentSchema }, found) =>
    `is too short, found ${found}${durationRange(schema, parentSchema?.['maxDuration'])}`,
  maxDuration: ({ schema, parentSchema }, found) =>
    `is too long, found ${found}${durationRange(parentSchema?.['minDuration'], schema)}`,
  minLength: (_, found) => `must not be empty, found ${found}`,
  maxLength: ({ schema }, found) => `must have at most ${schema} characters, found ${found}`,
  minItems: ({ schema }) => `must list at least ${schema}`,
  maxItems: ({ schema, data }) =>
    `must list at most ${schema}, found ${(data as unknown[]).length}`,
  uniqueItems: ({ params, data }) => `lists ${shown((data as unknown[])[params['i']])} twice`,
  pattern: ({ schema }, found) => `must match ${schema}, found ${found}`,
  minimum: outside,
  maximum: outside,
  exclusiveMinimum: outside,
  exclusiveMaximum: outside,
}

const formats: Record<string, string> = {
  duration: 'a duration such as 30s, 15m, 1h, 7d or 0',
}

function wanted(schema: unknown, parent: ErrorObject['parentSchema']): string {
  const named = formats[String(parent?.['format'])]
  if (named !== undefined) return named
  return [schema]
    .flat()
    .map(type => types[String(type)] ?? String(type))
    .join(' or ')
}

const types: Record<string, string> = {
  object: 'a map',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

function outside({ parentSchema }: ErrorObject, found: string): string {
  if (parentSchema?.['format'] === 'duration')
    return `must be ${formats['duration']}, found ${found}`
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = parentSchema ?? {}
  const low = minimum ?? exclusiveMinimum
  const high = maximum ?? exclusiveMaximum
  const range =
    high === undefined
      ? `${low} and more`
      : low === undefined
        ? `up to ${high}`
        : `${low} to ${high}`
  return `is out of range, found ${found}, allowed are ${range}`
}

function durationRange(least: unknown, most: unknown): string {
  if (most === undefined) return `, allowed are ${least} and more`
  return `, allowed are ${least ?? 0} to ${most}`
}

/** What stands in the file, short and on one line. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``
}

function dotted(path: readonly string[]): string {
  return path
    .map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('')
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
