import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import { type ErrorObject, type ValidateFunction } from 'ajv'
import { describeError } from './describe.ts'
import { type Complaint } from './fault.ts'
import * as keywords from './keywords.ts'
import { type TSchema } from './type.ts'
import { validatorName } from './validator-name.ts'

type Written = Readonly<Record<string, ValidateFunction>>

/** Where the build has written the validators down: beside this module, not beside its source. */
const file = fileURLToPath(new URL('./validators.cjs', import.meta.url))
const validatorOf = existsSync(file) ? writtenFor : await compiler()

/** From the sources they are made when they are needed; Ajv keeps what it has made. */
async function compiler(): Promise<(schema: TSchema) => ValidateFunction> {
  const { schemaCompiler } = await import('./compile.ts')
  const ajv = schemaCompiler()
  return schema => ajv.compile(schema)
}

function writtenFor(schema: TSchema): ValidateFunction {
  const validate = load()[validatorName(schema)]
  if (validate === undefined) throw new Error('this schema is not among those of the build')
  return validate
}

/** Wanted for an instant at the start, and 2 MB: not imported, because a module stays for ever. */
function load(): Written {
  const written = {}
  const parameters = ['exports', 'require', 'keywords']
  const run = compileFunction(readFileSync(file, 'utf8'), parameters, { filename: file })
  run(written, createRequire(import.meta.url), keywords)
  return written
}

/** Everything wrong with `value`, most outer first; defaults are filled into it on the way. */
export function complaints(schema: TSchema, value: unknown): Complaint[] {
  const validate = validatorOf(schema)
  if (validate(value)) return []
  return (validate.errors ?? []).filter(telling).map(describeError)
}

/** `discriminator` repeats what `enum` and `required` of the same key say better. */
function telling({ keyword, params }: ErrorObject): boolean {
  return keyword !== 'discriminator' || params['error'] !== 'mapping'
}
