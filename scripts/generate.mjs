// Writes what is made from the schemas. Run by `npm run gen`, after a build.
import { writeFileSync } from 'node:fs'
import { exampleConfig } from '../dist/config/example.js'
import { configReference } from '../dist/config/reference.js'

const root = new URL('../', import.meta.url)
writeFileSync(new URL('config.example.yaml', root), exampleConfig())
writeFileSync(new URL('docs/configuration.md', root), configReference())
