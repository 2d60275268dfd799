import { expect, test } from 'vitest'
import { networkFault } from '../../src/config/address.ts'

test.each(['10.0.0.0/8', '192.0.2.1', '0.0.0.0/0', '2001:db8::/32', 'fe80::1', '::/0', '::1/128'])(
  '%s is a network',
  text => {
    expect(networkFault(text)).toBeUndefined()
  },
)

test.each([
  ['10.0.0.0/33', 'has a prefix length that is not 0 to 32'],
  ['2001:db8::/129', 'has a prefix length that is not 0 to 128'],
  ['10.0.0.0/', 'has a prefix length that is not 0 to 32'],
  ['10.0.0.0/-1', 'has a prefix length that is not 0 to 32'],
  ['10.0.0.0/8/8', 'is not a network'],
  ['10.0.0/8', 'is not a network'],
  ['fe80::1%eth0/64', 'is not a network'],
  ['', 'is not a network'],
  ['/8', 'is not a network'],
])('%j %s', (text, fault) => {
  expect(networkFault(text)).toBe(fault)
})
