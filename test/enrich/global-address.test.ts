import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IpAddress, ipText } from '../../src/decode/address.ts'
import { isGlobal } from '../../src/enrich/global-address.ts'

test.each([
  ['8.8.8.8', true],
  ['93.184.216.34', true],
  ['100.63.255.255', true],
  ['100.64.0.0', false],
  ['172.15.255.255', true],
  ['172.31.255.255', false],
  ['192.0.2.1', false],
  ['192.0.3.1', true],
  ['223.255.255.255', true],
  ['224.0.0.251', false],
  ['255.255.255.255', false],
  ['2a00:1450::1', true],
  ['2001:4860:4860::8888', true],
  ['2001:db8::1', false],
  ['2001:0:1::1', false],
  ['2002:808:808::1', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['ff02::fb', false],
  ['::1', false],
  ['::ffff:8.8.8.8', false],
])('%s is in the internet: %s', (text, expected) => {
  const { family, word0 } = IpAddress.parse(text) ?? { family: 0, word0: 0 }
  expect(isGlobal(family, word0)).toBe(expected)
})

test('IPv4 agrees with the registry as node:net reads it', () => {
  const special = new BlockList()
  const blocks =
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'
  for (const block of blocks.split(' ')) {
    const [network = '', length] = block.split('/')
    special.addSubnet(network, Number(length))
  }
  const near = fc.constantFrom(...blocks.split(' ')).chain(block => {
    const first = IpAddress.parse(block.split('/')[0] ?? '')?.word0 ?? 0
    return fc.integer({ min: -1, max: 1 << 20 }).map(by => (first + by) | 0)
  })
  fc.assert(
    fc.property(fc.oneof(fc.integer(), near), word => {
      return isGlobal(4, word) === !special.check(ipText(4, word, 0, 0, 0) ?? '')
    }),
  )
})
