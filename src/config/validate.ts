import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { SensorError } from '../errors.ts'
import { networkFault } from './address.ts'
import { describeError } from './describe.ts'
import { parseDuration } from './duration.ts'
import { type Complaint } from './fault.ts'
import { type Static, type TSchema } from './type.ts'

const ajv = new Ajv({
  strict: true,
  allErrors: true,
  useDefaults: true,
  discriminator: true,
  verbose: true,
  allowUnionTypes: true,
})
ajv.addFormat('duration', { type: 'string', validate: text => parseDuration(text) !== undefined })
ajv.addFormat('network', { type: 'string', validate: text => networkFault(text) === undefined })
ajv.addKeyword({
  keyword: 'minDuration',
  validate: (limit: string, value: string | number) =>
    (parseDuration(value) ?? Number.POSITIVE_INFINITY) >= (parseDuration(limit) ?? 0),
})
ajv.addKeyword({
  keyword: 'maxDuration',
  validate: (limit: string, value: string | number) =>
    (parseDuration(value) ?? 0) <= (parseDuration(limit) ?? 0),
})

// An option that is never shown; `describe.ts` and the sinks look at it.
ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' })

const compiled = new WeakMap<object, ValidateFunction>()

/** Everything wrong with `value`, most outer first; defaults are filled into it on the way. */
export function complaints(schema: TSchema, value: unknown): Complaint[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).filter(telling).map(describeError)
}

/** The checked value with its defaults, or `CONFIG_INVALID` naming every fault in one message. */
export function parse<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  const copy = structuredClone(value)
  const wrong = complaints(schema, copy)
  if (wrong.length === 0) return copy as Static<S>
  throw new SensorError('CONFIG_INVALID', `${what}: ${wrong.map(one => one.message).join('; ')}`)
}

/** `discriminator` repeats what `enum` and `required` of the same key say better. */
function telling({ keyword, params }: ErrorObject): boolean {
  return keyword !== 'discriminator' || params['error'] !== 'mapping'
}
