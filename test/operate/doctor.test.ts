import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkInterfaces } from '../../src/operate/doctor/interfaces.ts'
import { checkKernel } from '../../src/operate/doctor/kernel.ts'
import { doctorJson, doctorText, examine, isHealthy } from '../../src/operate/doctor.ts'
import { makeNamespace } from '../capture/support/namespace.ts'
import { capture } from '../capture/support/options.ts'
import { isRoot } from '../capture/support/root.ts'
import { compileTiny } from '../capture/support/tiny.ts'

const directory = mkdtempSync(join(tmpdir(), 'orthrus-doctor-'))

test.each([
  ['5.9.16', 'fail'],
  ['4.19.0-26-amd64', 'fail'],
  ['5.10.0-8-amd64', 'ok'],
  ['6.1.0-13-amd64', 'ok'],
  ['10.0.0', 'ok'],
])('kernel %s is %s', (version, state) => {
  expect(checkKernel(version)[0]).toMatchObject({ name: 'kernel', state })
})

test('an object that is not built fails with the command that builds it', () => {
  const checks = examine({ capture: capture(), directory, object: '/nonexistent.o' })
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'object', state: 'fail', fix: 'make' }),
  )
  expect(isHealthy(checks)).toBe(false)
  expect(doctorText(checks)).toMatch(/fail {2}object .*\n +→ make\n/)
  expect(doctorText(checks)).toMatch(/\d of \d+ checks failed: `orthrus run` cannot work\n$/)
})

test('every finding that is not ok says what to do, and JSON says the same as text', () => {
  const checks = examine({ capture: capture({ interfaces: ['eth9'] }), directory: '/proc/x/y' })
  for (const { state, fix } of checks) expect(fix === undefined).toBe(state === 'ok')
  expect(JSON.parse(doctorJson(checks))).toEqual({ healthy: false, checks })
})

test('text from outside cannot steer the terminal', () => {
  const text = doctorText([{ name: 'interfaces', state: 'ok', message: '`a\u001b[2J`' }])
  expect(text).not.toContain('\u001b')
})

describe.skipIf(!isRoot)('with root', () => {
  test('a machine that can run the sensor is ready', () => {
    using space = makeNamespace()
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    space.ip('link', 'set', 'b0', 'up')
    const object = compileTiny()
    const options = { capture: capture({ interfaces: ['b0'] }), directory, object }
    const checks = space.inside(() => examine(options))
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    const names = checks.map(({ name }) => name)
    for (const name of ['kernel', 'privileges', 'libbpf', 'load', 'tc', 'interfaces', 'disk']) {
      expect(names).toContain(name)
    }
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'interfaces', message: '`b0`: Ethernet frames, no address' }),
    )
  })

  test('an object that the kernel refuses is said with the verifier’s words', () => {
    const object = compileTiny('-DREFUSED')
    const checks = examine({ capture: capture(), directory, object })
    expect(checks.find(({ name }) => name === 'load')).toMatchObject({
      state: 'fail',
      message: expect.stringContaining('EACCES'),
      fix: expect.stringContaining('invalid access to packet'),
    })
  })

  test('interfaces that are down or missing are warned of, with the command', () => {
    using space = makeNamespace()
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    const checks = space.inside(() => checkInterfaces(['b0', 'eth9']))
    expect(checks).toContainEqual(
      expect.objectContaining({ state: 'warn', fix: 'ip link set b0 up' }),
    )
    expect(checks).toContainEqual(
      expect.objectContaining({ state: 'warn', message: '`eth9` does not exist (yet)' }),
    )
  })
})

test.skipIf(isRoot)('a directory that cannot be written fails', () => {
  chmodSync(directory, 0o500)
  const checks = examine({ capture: capture(), directory })
  expect(checks).toContainEqual(expect.objectContaining({ name: 'disk', state: 'fail' }))
})
