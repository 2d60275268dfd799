import { existsSync } from 'node:fs'
import { type ErrorObject, type ValidateFunction } from 'ajv'
import { SensorError } from '../errors.ts'
import { describeError } from './describe.ts'
import { type Complaint } from './fault.ts'
import { type Static, type TSchema } from './type.ts'
import { validatorName } from './validator-name.ts'

const compiled = new WeakMap<object, ValidateFunction>()
const compile = await compiler()

/** The build has written the validators down; from the sources they are made when they are needed. */
async function compiler(): Promise<(schema: TSchema) => ValidateFunction> {
  const file = new URL('./validators.js', import.meta.url)
  if (!existsSync(file)) {
    const { schemaCompiler } = await import('./compile.ts')
    const ajv = schemaCompiler()
    return schema => ajv.compile(schema)
  }
  const written: Readonly<Record<string, ValidateFunction>> = await import(file.href)
  return schema => {
    const validate = written[validatorName(schema)]
    if (validate === undefined) throw new Error('this schema is not among those of the build')
    return validate
  }
}

/** Everything wrong with `value`, most outer first; defaults are filled into it on the way. */
export function complaints(schema: TSchema, value: unknown): Complaint[] {
  const validate = compiled.get(schema) ?? compile(schema)
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
