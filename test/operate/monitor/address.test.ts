import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../../src/config/load.ts'
import { isLoopback, monitorPlace } from '../../../src/operate/monitor/address.ts'

/** Faults of a configuration with this section, as `orthrus check` shows them. */
function faultsOf(section: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'c.yaml')
  writeFileSync(file, `monitor: ${section}\n`)
  return readConfig(file).faults.map(({ line, message }) => `${line} ${message}`)
}

test('nothing is listened on by default', () => {
  const { config } = readConfig()
  expect(config?.monitor).toEqual({ listen: '', token: '' })
  expect(config && monitorPlace(config.monitor)).toBeUndefined()
})

test.each([
  ['127.0.0.1:9477', '127.0.0.1', 9477],
  ['127.9.9.9:1', '127.9.9.9', 1],
  ['[::1]:65535', '::1', 65_535],
  ['localhost:9477', 'localhost', 9477],
])('`%s` is a place on this machine', (listen, host, port) => {
  expect(faultsOf(`{ listen: "${listen}" }`)).toEqual([])
  expect(monitorPlace({ listen, token: '' })).toEqual({ host, port, token: undefined })
})

test.each([
  '9477',
  ':9477',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:70000',
  'sensor.example:1',
  '::1:9',
  '1.2.3:4',
  '*:9477',
])('`%s` is no place', listen => {
  expect(faultsOf(`{ listen: "${listen}" }`)).toEqual([
    `1 \`monitor.listen\` must be an address and a port such as 127.0.0.1:9477 or [::1]:9477, found \`${listen}\``,
  ])
})

test.each(['0.0.0.0:9477', '[::]:9477', '192.0.2.1:9477'])(
  '`%s` is open to others, and wants a token',
  listen => {
    expect(faultsOf(`{ listen: "${listen}" }`)).toEqual([
      expect.stringContaining('lets others than this machine read; set `monitor.token` too'),
    ])
    expect(faultsOf(`{ listen: "${listen}", token: "0123456789abcdef" }`)).toEqual([])
  },
)

test('a short token is refused, and not shown', () => {
  const options = { listen: '0.0.0.0:9477', token: 'canary' }
  expect(() => monitorPlace(options)).toThrow('at least 16 characters')
  expect(() => monitorPlace(options)).not.toThrow('canary')
  expect(() => monitorPlace({ ...options, token: `\${env:ORTHRUS_NO_SUCH}` })).toThrow('is not set')
})

test.each([
  ['127.0.0.1', true],
  ['[::1]', true],
  ['::1', true],
  ['LOCALHOST', true],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['::ffff:10.0.0.1', false],
  ['0.0.0.0', false],
  ['', false],
])('isLoopback: `%s` is %s', (host, is) => {
  expect(isLoopback(host)).toBe(is)
})
