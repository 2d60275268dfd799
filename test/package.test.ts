import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Locked {
  readonly version?: string
  readonly optionalDependencies?: Record<string, string>
}

const text = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8')
const packages = (JSON.parse(text) as { packages: Record<string, Locked> }).packages

test('the lock file names no registry', () => {
  expect(text).not.toMatch(/"resolved"/)
})

// npm ci refuses a lock file without them, and npm leaves out what its registry did not have.
test('the lock file holds the packages of every platform', () => {
  const names = new Set(Object.keys(packages).map(path => path.split('node_modules/').at(-1)))
  const wanted = Object.values(packages).flatMap(one => Object.keys(one.optionalDependencies ?? {}))
  expect(wanted.length).toBeGreaterThan(10)
  expect(wanted.filter(name => !names.has(name))).toEqual([])
})

test('NOTICE names the data that come with the program in the version that is pinned', () => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8')
  const { devDependencies, files } = JSON.parse(read('package.json')) as {
    devDependencies: Record<string, string>
    files: readonly string[]
  }
  const name = '@ip-location-db/asn'
  expect(read('NOTICE')).toContain(`${name} ${devDependencies[name]}`)
  expect(packages[`node_modules/${name}`]?.version).toBe(devDependencies[name])
  expect(files).toEqual(expect.arrayContaining(['build', 'LICENSES', 'NOTICE']))
})
