// Not `import { type … }`: what is left of that is an import for its side effects.
export type { Static, TObject, TProperties, TSchema } from 'typebox'

type TypeBox = typeof import('typebox').Type
type Options = Readonly<Record<string, unknown>>

/**
 * TypeBox's builders of the shapes that options have, with its types: one literal is JSON Schema,
 * default, sentence and static type. Only the types are TypeBox's own, for its code is 250 files,
 * which take 0.1 s and 6 MB at each start.
 */
export const Type = {
  Object: (properties: Options, options: Options) => ({
    type: 'object',
    required: Object.keys(properties),
    properties,
    ...options,
  }),
  Record: (names: { readonly pattern: string }, values: object, options: Options) => ({
    type: 'object',
    patternProperties: { [names.pattern]: values },
    ...options,
  }),
  Array: (items: object, options: Options) => ({ type: 'array', items, ...options }),
  String: (options?: Options) => ({ type: 'string', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly string[], options: Options) => ({ enum: values, ...options }),
  Unsafe: (schema: object) => schema,
} as unknown as Pick<
  TypeBox,
  'Object' | 'Record' | 'Array' | 'String' | 'Number' | 'Integer' | 'Boolean' | 'Enum' | 'Unsafe'
>
