import { expect, test } from 'vitest'
import { errnoName, isErrno } from '../../src/capture/libc.ts'
import { missingCapabilities, missingPrivileges } from '../../src/capture/privileges.ts'

const status = (effective: string) => `Name:\tnode\nCapPrm:\tffff\nCapEff:\t${effective}\n`

test.each([
  ['000001ffffffffff', []],
  ['000000c000001000', []],
  ['0000008000001000', ['CAP_PERFMON']],
  ['0000000000001000', ['CAP_PERFMON', 'CAP_BPF']],
  ['0000000000000000', ['CAP_NET_ADMIN', 'CAP_PERFMON', 'CAP_BPF']],
])('CapEff %s misses %j', (effective, missing) => {
  expect(missingCapabilities(status(effective))).toEqual(missing)
})

test('missing privileges are said with a command that gives them', () => {
  expect(missingPrivileges(status('000000c000001000'))).toBeUndefined()
  expect(missingPrivileges(status('0000008000001000'))).toMatch(
    /^live capture needs CAP_PERFMON: run as root, or .*`sudo setpriv .*--ambient-caps \+net_admin,\+perfmon,\+bpf/,
  )
})

test.each([
  [1, 'EPERM'],
  [-22, 'EINVAL'],
  [-524, 'ENOTSUPP'],
  [11, 'EAGAIN'],
  [-95, 'EOPNOTSUPP'],
])('errno %i is %s', (code, name) => {
  expect(errnoName(code)).toBe(name)
  expect(isErrno(code, name)).toBe(true)
})

test('an errno without a name keeps its number, and success is no error', () => {
  expect(errnoName(4095)).toBe('error 4095')
  expect(isErrno(0, 'EPERM')).toBe(false)
})
