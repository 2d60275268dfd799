import { Type } from './type.ts'

/** Options of each detector by its name, as its schema has checked them. */
export type DetectorOptions = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The `detectors` section, made from the registry: one map for each detector, by its name. */
export function detectorsSection(
  kinds: Readonly<Record<string, { readonly schema: object }>>,
  nameOf: (key: string) => string,
) {
  const entries = Object.entries(kinds).map(([key, { schema }]) => [nameOf(key), schema] as const)
  return Type.Unsafe<DetectorOptions>({
    type: 'object',
    description: 'What is looked for beyond single events; rules decide what becomes an alert.',
    default: {},
    properties: Object.fromEntries(entries),
    additionalProperties: false,
  })
}
