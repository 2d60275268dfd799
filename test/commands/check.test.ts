import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { orthrus, outcome, root } from './orthrus.ts'

const folder = mkdtempSync(join(tmpdir(), 'orthrus-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

const good = join(folder, 'good.yaml')
writeFileSync(good, 'network: {home: [10.0.0.0/8]}\n')
const bad = join(folder, 'bad.yaml')
writeFileSync(bad, 'networks: {}\nlog:\n  level: loud\n')
const faults = [
  { file: bad, line: 1, column: 1, message: expect.stringContaining('did you mean `network`') },
  { file: bad, line: 3, column: 10, message: expect.stringContaining('found `"loud"`') },
]

test('a good file is reported as what will run, with status 0', async () => {
  const { status, stdout, stderr } = await orthrus(['check', '-c', good, '-o', 'text'])
  expect([status, stdout]).toEqual([0, ''])
  expect(stderr).toContain(`${good}: ok\n`)
  expect(stderr).toContain('10.0.0.0/8')
})

test('every fault is one line on stderr, with status 2', async () => {
  const { status, stdout, stderr } = await orthrus(['check', '-c', bad, '-o', 'text'])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr.split('\n')).toEqual([
    expect.stringContaining(`${bad}:1:1: unknown key`),
    expect.stringContaining(`${bad}:3:10: \`log.level\` must be one of`),
    `2 faults in ${bad}`,
    '',
  ])
})

test('a database that is none is told with its place, before a run', async () => {
  const odd = join(folder, 'odd.yaml')
  const none = join(folder, 'none.mmdb')
  writeFileSync(odd, `enrich:\n  geo:\n    asn: ${none}\n    country: ${good}\n`)
  const { status, stdout, stderr } = await orthrus(['check', '-c', odd, '-o', 'text'])
  expect([status, stdout]).toEqual([2, ''])
  const country = /odd\.yaml:4:14: `enrich\.geo\.country`: cannot use .* it is no MMDB file; /
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/odd\.yaml:3:10: `enrich\.geo\.asn`: cannot use .*ENOENT.*; name a /),
    expect.stringMatching(country),
    `2 faults in ${odd}`,
    '',
  ])
  writeFileSync(odd, `enrich:\n  geo:\n    enabled: false\n    asn: ${none}\n`)
  expect((await orthrus(['check', '-c', odd, '-o', 'json'])).status).toBe(0)
})

test('-o json prints one document on stdout and nothing else', async () => {
  const { status, stdout, stderr } = await orthrus(['check', '-c', bad, '-o', 'json'])
  expect([status, stderr]).toEqual([2, ''])
  expect(JSON.parse(stdout)).toEqual({ rules: [], faults })
})

test('a pipe gets JSON while the person still sees the faults', async () => {
  const { stdout, stderr } = await orthrus(['check', '-c', bad])
  expect(JSON.parse(stdout)).toEqual({ rules: [], faults })
  expect(stderr).toContain('2 faults')
})

test('a list of indicators that cannot be used is told with its place', async () => {
  const list = join(folder, 'prose.txt')
  writeFileSync(list, '# bad names\nthis is no list\n')
  const file = join(folder, 'lists.yaml')
  const missing = join(folder, 'missing.txt')
  writeFileSync(file, `detectors: {indicator: {sources: [${list}, ${missing}]}}\n`)
  const { status, stdout, stderr } = await orthrus(['check', '-c', file])
  expect(status).toBe(2)
  expect(stderr).toContain(`${list}:2:1: it holds no indicator`)
  expect(JSON.parse(stdout)).toMatchObject({ faults: [{ file: list, line: 2 }, { file: missing }] })
})

test('the defaults are a good configuration', async () => {
  const { status, stdout } = await orthrus(['check', '-o', 'json'])
  expect([status, JSON.parse(stdout)]).toEqual([0, { rules: [], faults: [] }])
})

test('a reader that goes away is no failure', async () => {
  const command = `${join(root, 'bin/orthrus')} check -c ${good} -o json | true; echo "\${PIPESTATUS[0]}"`
  expect(await outcome('bash', ['-c', command])).toEqual({ status: 0, stdout: '0\n', stderr: '' })
})
