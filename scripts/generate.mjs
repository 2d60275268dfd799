// Writes what is made from the schemas and the rules. Run by `npm run gen`, after a build.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exampleConfig } from '../dist/config/example.js'
import { loadConfig } from '../dist/config/load.js'
import { configReference } from '../dist/config/reference.js'
import { detectorsReference } from '../dist/detectors/reference.js'
import { monitorReference } from '../dist/operate/monitor/reference.js'
import { loadRules } from '../dist/rules/load.js'
import { rulesReference } from '../dist/rules/reference.js'

const root = new URL('../', import.meta.url)
await import('./train-names.mjs')
writeFileSync(new URL('config.example.yaml', root), exampleConfig())
writeFileSync(new URL('docs/configuration.md', root), configReference())

const placeholders = new Map(Object.entries(loadConfig().rules.placeholders))
const plan = loadRules([fileURLToPath(new URL('rules', root))], { placeholders })
writeFileSync(new URL('docs/shipped-rules.md', root), rulesReference(plan, fileURLToPath(root)))

const files = new Set(plan.set.rules.map(({ rule }) => rule.source.file))
const texts = [...files].map(file => ({
  file: relative(fileURLToPath(root), file),
  text: readFileSync(file, 'utf8'),
}))
const times = JSON.parse(readFileSync(new URL('bench/time-to-detect.json', root), 'utf8'))
writeFileSync(new URL('docs/detectors.md', root), detectorsReference(texts, times))
writeFileSync(new URL('docs/monitoring.md', root), monitorReference())
