import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeBigCapture } from '../generate/big.ts'
import { outcome, root } from './orthrus.ts'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orthrus-output-'))
  await writeBigCapture(join(folder, 'capture'), { packets: 30_000 })
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a script in which `orthrus` replays the capture. */
const shell = (script: string) =>
  outcome('sh', [
    '-c',
    `orthrus() { ${root}/bin/orthrus replay --events ${folder}/capture; }; ${script}`,
  ])

test('a reader that takes its time gets every line', { timeout: 60_000 }, async () => {
  const file = await shell(`orthrus >${folder}/out && wc -l <${folder}/out`)
  const slow = await shell('orthrus | { sleep 2; wc -l; }')
  expect(Number(file.stdout)).toBeGreaterThan(1000)
  expect(Number(slow.stdout)).toBe(Number(file.stdout))
})

test('a reader that leaves ends it without a complaint', async () => {
  const { stdout, stderr } = await shell('orthrus | head -n 1')
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(stderr).toBe('')
})

test('a reader that stops does not keep it from ending when it is told to', async () => {
  const args = ['replay', '--events', join(folder, 'capture')]
  const child = spawn(join(root, 'bin/orthrus'), args, { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'readable')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
