import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installed } from '../src/installation.ts'
import { version } from '../src/operate/version.ts'
import { outcome } from './commands/orthrus.ts'

const folder = installed('dist/bundle')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const imports = /^(?:import|export) (?:.* from )?["'](.+)["'];?$/gm

/** The packages that a file of the bundle loads at once, by itself and by its neighbours. */
function packagesOf(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const [, target = ''] of read(name).matchAll(imports)) {
    if (target.startsWith('./')) packagesOf(target.slice(2), seen)
    else seen.add(target)
  }
  return seen
}

test.each(['ajv', 'kafkajs', 'prom-client', 'undici'])(
  'the program does not load %s unless it is wanted',
  name => {
    expect([...packagesOf('main.js')].filter(one => one.split('/')[0] === name)).toEqual([])
  },
)

test('the program loads what it always needs, and the thread that writes far less', () => {
  expect([...packagesOf('main.js')]).toEqual(expect.arrayContaining(['koffi', 'lmdb', 'yaml']))
  const thread = [...packagesOf('writer.js')]
  expect(thread).toContain('lmdb')
  expect(thread).not.toContain('main.js')
  expect(thread).not.toContain('yaml')
})

test('the files are in ASCII, so that the engine keeps one byte a character', () => {
  const wide = readdirSync(folder)
    .filter(name => /\.c?js$/.test(name))
    .filter(name => /[^\0-\x7f]/.test(read(name)))
  expect(wide).toEqual([])
})

test('the map leads to the sources', () => {
  const { sources }: { sources: string[] } = JSON.parse(read('main.js.map'))
  expect(sources).toContain('../../src/pipeline/live.ts')
})

test('the root is the same for the sources, the modules made of them, and the bundle', async () => {
  expect(installed('package.json')).toBe(join(import.meta.dirname, '../package.json'))
  const script = `console.log((await import(process.argv[1])).installed('package.json'))`
  const args = ['--input-type=module', '-e', script, installed('dist/installation.js')]
  expect((await outcome(process.execPath, args)).stdout.trim()).toBe(installed('package.json'))
  expect((await outcome(installed('bin/orthrus'), ['--version'])).stdout.trim()).toBe(version())
})
