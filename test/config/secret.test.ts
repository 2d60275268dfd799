import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Secret } from '../../src/config/secret.ts'
import { temporaryDirectory } from '../storage/open.ts'

test('a secret is shown by nothing but `reveal`', () => {
  const secret = new Secret('canary')
  expect([secret.reveal(), `${secret}`, JSON.stringify({ secret })]).toEqual([
    'canary',
    '[secret]',
    '{"secret":"[secret]"}',
  ])
})

test.each([
  [
    'https://h.example/services/T0/B0000000/XXXXXXXXXXXX',
    'POST /services/T0/B0000000/XXXXXXXXXXXX',
  ],
  ['https://h.example/services/T0/B0000000/XXXXXXXXXXXX', 'no hook XXXXXXXXXXXX here'],
  ['https://h.example/hook?token=0123456789abcdef', 'bad token: 0123456789abcdef'],
  ['https://user:password-4711@h.example/', 'no user with password-4711'],
  ['Bearer 0123456789abcdef', '{"token":"0123456789abcdef"}'],
  ['correct horse', 'you said correct horse'],
])('of `%s` nothing is left in `%s`', (value, said) => {
  const shown = new Secret(value).redact(said)
  expect(shown).toContain('[secret]')
  expect(shown).not.toMatch(/X{12}|B0000000|0123456789|4711|horse/)
})

test('the host of a URL, and words of everyday, are no secrets', () => {
  const secret = new Secret('https://hooks.example/in/0123456789')
  const said = 'hooks.example says: no hook in https'
  expect(secret.redact(said)).toBe(said)
})

test('a reference counts alone, also when the file has become another', () => {
  vi.stubEnv('ORTHRUS_TEST_CANARY', 'abcd')
  onTestFinished(() => void vi.unstubAllEnvs())
  const path = join(temporaryDirectory(), 'secret')
  writeFileSync(path, 'efgh\n', { mode: 0o600 })
  const secret = new Secret(`key \${env:ORTHRUS_TEST_CANARY}-\${file:${path}}`)
  expect(secret.redact('abcd efgh ijkl')).toBe('[secret] [secret] ijkl')
  writeFileSync(path, 'ijklm\n')
  expect(secret.reveal()).toBe('key abcd-ijklm')
  expect(secret.redact('ijklm')).toBe('[secret]')
})
