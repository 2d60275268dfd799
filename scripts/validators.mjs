// Compiles the schemas of the options into dist/config/validators.cjs, in the build: what Ajv would do
// at each start takes 0.2 s and 20 MB. `config/validate.ts` calls it as a function with these names.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import standalone from 'ajv/dist/standalone/index.js'

const folder = pathToFileURL(`${resolve(process.argv[2] ?? 'dist')}/`)
const { schemaCompiler } = await import(new URL('config/compile.js', folder))
const { validatorName } = await import(new URL('config/validator-name.js', folder))
const { configSchema } = await import(new URL('config/schema.js', folder))
const sinks = await import(new URL('sinks/index.js', folder))

const ajv = schemaCompiler({ source: true })
const names = new Set()
for (const schema of [configSchema, ...Object.values(sinks).map(kind => kind.schema)]) {
  const name = validatorName(schema)
  if (names.has(name)) continue
  names.add(name)
  ajv.addSchema(schema, name)
}
const code = standalone.default(ajv, Object.fromEntries([...names].map(name => [name, name])))
// In ASCII, or V8 keeps two bytes for each character of the source.
const ascii = code.replace(
  /[^\0-\x7f]/g,
  one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
)
writeFileSync(new URL('config/validators.cjs', folder), ascii)
