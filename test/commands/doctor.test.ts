import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { orthrus } from './orthrus.ts'

const state = mkdtempSync(join(tmpdir(), 'orthrus-doctor-'))
afterAll(() => rmSync(state, { recursive: true }))

interface Check {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly fix?: string
}

test('the exit status says whether run can work, and every finding says what mends it', async () => {
  const { status, stdout, stderr } = await orthrus(['doctor', '-i', 'lo', '--state', state])
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: Check[] }
  expect(stderr).toBe('')
  expect(status).toBe(healthy ? 0 : 1)
  expect(healthy).toBe(checks.every(check => check.state !== 'fail'))
  for (const { name, state, fix } of checks) {
    if (state !== 'ok') expect(fix, name).toMatch(/\S/)
  }
})

test('an interface that is not there fails with the name and the way to the right one', async () => {
  const { status, stdout } = await orthrus([
    'doctor',
    '-i',
    'nope0',
    '--state',
    state,
    '-o',
    'text',
  ])
  expect(status).toBe(1)
  expect(stdout).toMatch(/^fail {2}interfaces {2}.*nope0$/m)
})

test('a wrong configuration is told as check does, with status 2', async () => {
  const { status, stdout, stderr } = await orthrus(['doctor', '-c', '/nowhere/x.yaml'])
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toBe(
    '/nowhere/x.yaml:1:1: no such file; `config.example.yaml` shows what one looks like\northrus: 1 fault in `/nowhere/x.yaml`\n',
  )
})

test('--debug shows where an error came from', async () => {
  const { stderr } = await orthrus(['doctor', '-c', '/nowhere/x.yaml', '--debug'])
  expect(stderr).toMatch(/SensorError: .*\n {4}at /)
})
