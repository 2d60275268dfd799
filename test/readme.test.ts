import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../src/config/load.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('the README fits on one screen of scrolling', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(120)
})

test('its configuration is valid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-readme-'))
  const file = join(folder, 'orthrus.yaml')
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  writeFileSync(file, yaml)
  const { config, faults } = readConfig(file)
  rmSync(folder, { recursive: true })
  expect(faults).toEqual([])
  expect(Object.keys(config?.sinks ?? {})).toEqual(['screen', 'file'])
})

test('its links lead somewhere', () => {
  const links = [...readme.matchAll(/\]\((?!https:)([^)#]+)/g)].map(([, link]) => String(link))
  expect(links.length).toBeGreaterThan(3)
  expect(links.filter(link => !existsSync(join(root, link)))).toEqual([])
})
