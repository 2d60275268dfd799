/** One option as its schema literal says it. */
export interface Option {
  readonly name: string
  readonly description: string
  /** Its default; where it has none, the first example. */
  readonly value: unknown
  readonly required: boolean
  readonly type: string
  readonly allowed: string
  /** Those of a map inside the section; then the fields above are about the map. */
  readonly inner: readonly Option[]
}

export interface SinkKind {
  readonly type: string
  readonly description: string
  readonly options: readonly Option[]
}

type Schema = Readonly<Record<string, unknown>>

/** The options of a section or of a plug-in, in the order of its schema. */
export function optionsOf(schema: object): Option[] {
  const properties = Object.entries(
    ((schema as Schema)['properties'] ?? {}) as Record<string, Schema>,
  )
  return properties.map(([name, one]) => option(name, one))
}

/** The kinds of sink in the `sinks` section, each with its options but without `type`. */
export function sinkKinds(schema: object): SinkKind[] {
  const entries = (schema as Schema)['patternProperties'] as Record<string, Schema>
  const kinds = Object.values(entries).flatMap(one => one['oneOf'] as Schema[])
  return kinds.map(kind => {
    const properties = kind['properties'] as Record<string, Schema>
    return {
      type: String(properties['type']?.['const']),
      description: String(kind['description']),
      options: optionsOf(kind).filter(({ name }) => name !== 'type'),
    }
  })
}

function option(name: string, schema: Schema): Option {
  const examples = (schema['examples'] ?? []) as unknown[]
  return {
    name,
    description: String(schema['description']),
    value: schema['default'] ?? examples[0],
    required: schema['default'] === undefined,
    type: kindOf(schema),
    allowed: allowed(schema),
    inner: optionsOf(schema),
  }
}

function kindOf(schema: Schema): string {
  if (schema['format'] === 'duration') return 'duration'
  const type = [schema['type'] ?? 'text'].flat().join(' or ')
  return types[type] ?? type
}

const types: Record<string, string> = {
  array: 'list',
  integer: 'whole number',
  object: 'map',
  string: 'text',
}

function allowed(schema: Schema): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(one => `\`${one}\``).join(', ')
  const items = schema['items'] as Schema | undefined
  if (items?.['format'] === 'network') return 'networks such as `192.0.2.0/24`'
  if (schema['format'] === 'duration') return range(schema['minDuration'], schema['maxDuration'])
  return range(schema['minimum'], schema['maximum'])
}

function range(least: unknown, most: unknown): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return `from ${least}`
  return `${least ?? 0} to ${most}`
}
