import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exampleConfig } from '../../src/config/example.ts'
import { readConfig } from '../../src/config/load.ts'
import { configReference } from '../../src/config/reference.ts'
import { monitorReference } from '../../src/operate/monitor/reference.ts'

const root = join(import.meta.dirname, '../..')
const stale = 'it is stale: `npm run gen` writes it anew'

test('config.example.yaml is what the schemas say', () => {
  expect(readFileSync(join(root, 'config.example.yaml'), 'utf8'), stale).toBe(exampleConfig())
})

test('docs/configuration.md is what the schemas say', () => {
  expect(readFileSync(join(root, 'docs/configuration.md'), 'utf8'), stale).toBe(configReference())
})

test('docs/monitoring.md is what the metrics say', () => {
  expect(readFileSync(join(root, 'docs/monitoring.md'), 'utf8'), stale).toBe(monitorReference())
})

test('the example as it stands is all defaults', () => {
  expect(readConfig(join(root, 'config.example.yaml'))).toEqual(readConfig())
})

test('the example with every option switched on is valid, and still all defaults but for its sinks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-example-'))
  const file = join(folder, 'on.yaml')
  writeFileSync(
    file,
    exampleConfig()
      .replaceAll(/^( *)#(?! )/gm, '$1')
      .replaceAll(/^( *)#( {2,})(?=[a-z_]+:)/gm, '$1$2'),
  )
  const { config, faults } = readConfig(file)
  rmSync(folder, { recursive: true })
  expect(faults).toEqual([])
  expect({ ...config, sinks: {} }).toEqual({ ...readConfig().config, sinks: {} })
  expect(Object.keys(config?.sinks ?? {})).toEqual([
    'console',
    'file',
    'kafka',
    'slack',
    'syslog',
    'webhook',
  ])
})

test('every option has a sentence and none is undefined', () => {
  expect(exampleConfig() + configReference()).not.toMatch(/undefined|null|\[object/)
})
