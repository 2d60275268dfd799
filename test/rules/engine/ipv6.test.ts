import { expect, test } from 'vitest'
import { parseIpv6 } from '../../../src/rules/engine/ipv6.ts'
import { addressOf } from '../../../src/rules/evaluate/cidr.ts'

const words = new Int32Array(4)

test.each([
  '::',
  '::1',
  '1::',
  '2001:db8::1',
  '2001:DB8:0:0:8:800:200c:417a',
  'fe80::1:2:3:4',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  'ff02::fb',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '1:2:3:4:5:6:7:8',
  '0:0:0:0:0:0:0:1',
  '0001:0002::',
])('%s has the words that the decoder reads', text => {
  const address = addressOf(text)
  expect(parseIpv6(text, words)).toBe(true)
  expect([...words]).toEqual([address?.word0, address?.word1, address?.word2, address?.word3])
})

test.each([
  '',
  ':',
  ':::',
  '1',
  '1:',
  ':1',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1::',
  '1:::2',
  '12345::',
  'g::',
  'fe80::1%eth0',
  ' ::1',
  '::1 ',
  '1:2:3:4:5:6:7:8:',
  'a.example',
  '::/0',
])('%j is none', text => {
  expect(addressOf(text)).toBeUndefined()
  expect(parseIpv6(text, words)).toBe(false)
})

test.each(['::ffff:1.2.3.4', '::ffff:102:304', '64:ff9b::1.2.3.4'])(
  '%s is left to whoever looks closer',
  text => {
    expect(addressOf(text)).toBeDefined()
    expect(parseIpv6(text, words)).toBe(false)
  },
)

/** From the documentation's network, so that any word but the first is up to chance. */
test('random addresses, spelt as the sensor spells them', () => {
  let seed = 1
  const next = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed
  }
  for (let count = 0; count < 2000; count++) {
    const groups = Array.from({ length: 6 }, () => (next() % 3 === 0 ? 0 : (next() >>> 8) & 0xffff))
    const parsed = addressOf(`2001:db8:${groups.map(group => group.toString(16)).join(':')}`)
    const text = parsed?.text ?? ''
    expect(parseIpv6(text, words)).toBe(true)
    expect([...words]).toEqual([parsed?.word0, parsed?.word1, parsed?.word2, parsed?.word3])
  }
})
