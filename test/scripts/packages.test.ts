import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { outcome, root } from '../commands/orthrus.ts'

const script = join(root, 'scripts/packages.sh')

/**
 * A bare machine: only these programs can be found, so clang and the rest are missing. apt-get and
 * id are our own, because a test may neither install packages nor change its user.
 */
let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'orthrus-path-'))
  for (const tool of ['sh', 'sort', 'tr', 'grep', 'uname', 'node', 'npm', 'cat']) {
    symlinkSync(tool === 'node' ? process.execPath : `/usr/bin/${tool}`, join(path, tool))
  }
})
afterEach(() => rmSync(path, { recursive: true }))

function program(name: string, body: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(path, name), 0o755)
}

/** The script looks into sbin too; there is no compiler or tshark there. */
const run = (...args: string[]) => outcome(script, args, { PATH: path, V: '' })

describe('on a bare machine', () => {
  test('the build misses its compilers, the tests their tools as well', async () => {
    const build = (await run('missing', 'build')).stdout.split('\n')
    expect(build).toEqual(expect.arrayContaining(['clang', 'gcc']))
    expect(build).not.toContain('tshark')
    expect((await run('missing', 'build', 'test')).stdout.split('\n')).toEqual(
      expect.arrayContaining(['clang', 'gcc', 'iperf3', 'tshark']),
    )
  })

  test('root gets them from apt: one update, one install, no questions', async () => {
    program('id', 'echo 0')
    program('apt-get', `echo "$DEBIAN_FRONTEND $*" >> ${path}/log`)
    const { status } = await run('install', 'build')
    const log = await outcome('cat', [join(path, 'log')])
    expect(status).toBe(0)
    expect(log.stdout).toMatch(
      /^noninteractive update\nnoninteractive install -y --no-install-recommends clang gcc[^\n]*\n$/,
    )
  })

  test('a failing apt shows what it said, and fails', async () => {
    program('id', 'echo 0')
    program('apt-get', 'echo "E: no route to the mirror"; exit 100')
    const { status, stderr } = await run('install', 'build')
    expect(status).toBe(100)
    expect(stderr).toContain('E: no route to the mirror')
    expect(stderr).toContain('failed: apt-get update')
  })

  test('others are told the exact command', async () => {
    program('id', 'echo 1000')
    program('apt-get', 'exit 1')
    const { status, stderr } = await run('install', 'build')
    expect(status).toBe(1)
    expect(stderr).toMatch(/sudo apt-get update && sudo apt-get install -y .*clang gcc/)
  })

  test('a machine without apt is told what to look for', async () => {
    const { status, stderr } = await run('install', 'build')
    expect(status).toBe(1)
    expect(stderr).toMatch(/missing what these Debian packages hold: clang gcc/)
  })

  test('an old node is refused before anything is installed', async () => {
    rmSync(join(path, 'node'))
    program('node', 'case $1 in --version) echo v18.19.0;; *) exit 1;; esac')
    const { status, stderr } = await run('install', 'build')
    expect(status).toBe(1)
    expect(stderr).toContain('needs node 20.18.1 or newer with npm, found v18.19.0')
  })
})

test('this machine, which runs the tests, misses nothing to build', async () => {
  expect(await outcome(script, ['missing', 'build'])).toEqual({ status: 0, stdout: '', stderr: '' })
})
