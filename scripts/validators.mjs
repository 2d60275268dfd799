// Compiles the schema of the configuration into dist/config/validators.cjs, in the build: what Ajv would do
// at each start takes 0.2 s and 20 MB. `config/validate.ts` calls it as a function with these names.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import standalone from 'ajv/dist/standalone/index.js'

const folder = pathToFileURL(`${resolve(process.argv[2] ?? 'dist')}/`)
const { schemaCompiler } = await import(new URL('config/compile.js', folder))
const { validatorName } = await import(new URL('config/validator-name.js', folder))
const { configSchema } = await import(new URL('config/schema.js', folder))
const ajv = schemaCompiler({ source: true })
const name = validatorName(configSchema)
ajv.addSchema(configSchema, name)
const code = standalone.default(ajv, { [name]: name })
// In ASCII, or V8 keeps two bytes for each character of the source.
const ascii = code.replace(
  /[^\0-\x7f]/g,
  one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
)
writeFileSync(new URL('config/validators.cjs', folder), ascii)
