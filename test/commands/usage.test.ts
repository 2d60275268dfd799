import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { orthrus, outcome, root } from './orthrus.ts'

describe('help', () => {
  test('lists every command that exists, with examples, on stdout', async () => {
    const { status, stdout, stderr } = await orthrus(['--help'])
    expect(status).toBe(0)
    expect(stderr).toBe('')
    for (const part of ['run', 'check', 'Examples:', 'Exit status:']) expect(stdout).toContain(part)
    expect(stdout).not.toMatch(/undefined|not implemented|todo/i)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(30)
  })

  test('every command explains itself and fits in 100 columns', async () => {
    const { stdout } = await orthrus(['--help'])
    const section = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'))
    const names = [...section.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => String(name))
    expect(names).toContain('check')
    for (const name of names) {
      const help = await orthrus([name, '--help'])
      expect(help.status).toBe(0)
      expect(help.stdout).toContain(`Usage: orthrus ${name}`)
      expect(Math.max(...help.stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100)
    }
  })

  test('without a command goes to stderr as wrong usage', async () => {
    const { status, stdout, stderr } = await orthrus([])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: orthrus')
  })

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await orthrus(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('wrong usage is one line on stderr and status 2', () => {
  test.each([
    ['an unknown command', ['chek'], /unknown command `chek`.*check.*`orthrus --help`/],
    [
      'an unknown option',
      ['check', '--confg', 'x'],
      /unknown option `--confg`.*--config.*`orthrus check --help`/,
    ],
    ['an option without its value', ['check', '-c'], /argument missing/],
    ['a wrong choice', ['check', '-o', 'xml'], /`xml` is invalid. Allowed choices are json, text/],
    ['too many words', ['doctor', 'a', 'b'], /too many arguments/],
    ['a terminal escape', ['\x1b[31mred'], /unknown command `\\u001b\[31mred`/],
  ])('%s', async (_, args, expected) => {
    const { status, stdout, stderr } = await orthrus(args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^orthrus: [^\n]*\n$/)
    expect(stderr).toMatch(expected)
  })
})

test('a checkout that is not built says so and what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-bare-'))
  mkdirSync(join(folder, 'bin'))
  copyFileSync(join(root, 'bin/orthrus'), join(folder, 'bin/orthrus.mjs'))
  const result = await outcome(process.execPath, [join(folder, 'bin/orthrus.mjs')])
  rmSync(folder, { recursive: true })
  expect(result).toEqual({
    status: 1,
    stdout: '',
    stderr: 'orthrus: not built yet; run `make` in the checkout first\n',
  })
})
