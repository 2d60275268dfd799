import { routeOptions } from '../outbox/options.ts'
import { type When } from '../outbox/route.ts'
import { Type } from './type.ts'

/** Options of one sink as its kind's schema has checked them. */
export type SinkOptions = {
  readonly type: string
  readonly when: When & { readonly detection?: Readonly<Record<string, unknown>> }
  readonly max_age: string | number
} & Readonly<Record<string, unknown>>

/** The JSON Schema of a kind's options, as far as it is read here. */
export interface KindSchema {
  readonly description?: string
  readonly properties: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/**
 * The `sinks` section, made from the registry of kinds: a map from a name of the user's choice to
 * options whose `type` picks the kind.
 */
export function sinksSection(kinds: Readonly<Record<string, { readonly schema: KindSchema }>>) {
  const one = {
    type: 'object',
    discriminator: { propertyName: 'type' },
    required: ['type'],
    properties: { type: { type: 'string', enum: Object.keys(kinds) } },
    oneOf: Object.entries(kinds).map(([type, { schema }]) => ({
      type: 'object',
      description: schema.description,
      required: ['type', ...demanded(schema)],
      properties: { type: { const: type }, ...schema.properties, ...routeOptions },
      additionalProperties: false,
    })),
  }
  return Type.Unsafe<Record<string, SinkOptions>>({
    type: 'object',
    description: 'Where alerts go. Each sink has a name of your choice, and a type.',
    default: { console: { type: 'console' } },
    patternProperties: { '^[a-z][a-z0-9-]{0,31}$': one },
    additionalProperties: false,
  })
}

/** What has no default must be said. */
function demanded({ required = [], properties }: KindSchema): string[] {
  return required.filter(name => name !== 'type' && !('default' in (properties[name] ?? {})))
}
