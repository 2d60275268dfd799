import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../src/decode/address.ts'
import { homeOf } from '../../src/enrich/direction.ts'

function ends(source: string, destination: string) {
  const [from, to] = [IpAddress.parse(source), IpAddress.parse(destination)]
  if (from === undefined || to === undefined) throw new Error(`no address: ${source}`)
  return {
    family: from.family as number,
    source0: from.word0,
    source1: from.word1,
    source2: from.word2,
    source3: from.word3,
    destination0: to.word0,
    destination1: to.word1,
    destination2: to.word2,
    destination3: to.word3,
  }
}

const home = homeOf(['192.168.1.0/24', '10.0.0.0/8', '2001:db8:1::/48', '203.0.113.7'])

describe('the direction', () => {
  test.each([
    ['192.168.1.5', '8.8.8.8', 'outbound'],
    ['8.8.8.8', '192.168.1.5', 'inbound'],
    ['192.168.1.5', '10.200.0.1', 'internal'],
    ['8.8.8.8', '1.1.1.1', 'external'],
    ['203.0.113.7', '203.0.113.8', 'outbound'],
    ['192.168.2.5', '192.168.1.5', 'inbound'],
    ['2001:db8:1:2::3', '2001:db8:2::1', 'outbound'],
    ['2001:db8:1:2::3', '2001:db8:1:3::3', 'internal'],
    ['192.168.1.5', '192.168.1.255', 'internal'],
    ['192.168.1.5', '255.255.255.255', 'internal'],
    ['0.0.0.0', '255.255.255.255', 'internal'],
    ['192.168.1.5', '239.255.255.250', 'internal'],
    ['169.254.3.4', '224.0.0.251', 'internal'],
    ['fe80::1', 'ff02::fb', 'internal'],
    ['fe80::1', 'fe80::2', 'internal'],
    ['::', 'ff02::1:ff00:1', 'internal'],
    ['::1', '::1', 'internal'],
    ['127.0.0.1', '127.0.0.53', 'internal'],
    ['8.8.8.8', '232.1.2.3', 'inbound'],
    ['8.8.8.8', '169.254.1.1', 'inbound'],
    ['::2', '2001:db8:2::1', 'external'],
  ])('from %s to %s is %s', (source, destination, direction) => {
    expect(home.direction(ends(source, destination))).toBe(direction)
  })

  test('without IP is none', () => {
    expect(home.direction({ ...ends('10.0.0.1', '10.0.0.2'), family: 0 })).toBeUndefined()
  })

  test('with nothing at home is external but for local addresses', () => {
    expect(homeOf([]).direction(ends('10.0.0.1', '10.0.0.2'))).toBe('external')
    expect(homeOf([]).direction(ends('fe80::1', 'ff02::1'))).toBe('internal')
  })

  test('with everything at home is internal', () => {
    const all = homeOf(['0.0.0.0/0', '::/0'])
    expect(all.direction(ends('8.8.8.8', '255.0.0.1'))).toBe('internal')
    expect(all.direction(ends('2001:db8::1', '2001:db8::2'))).toBe('internal')
  })
})

test.each(['', 'home', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', 'fe80::%eth0/64'])(
  'home network `%s` is refused with its name and the fix',
  text => {
    expect(() => homeOf([text])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`\`${text}\` is not a network`),
      }),
    )
  },
)

test('membership is as in Node for any networks', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  // Few different first words, so that addresses meet networks.
  const near = fc.integer({ min: 0, max: 15 }).map(bits => (bits << 28) | 0)
  const v4 = fc.tuple(fc.oneof(near, word), fc.integer({ min: 1, max: 32 }))
  const v6 = fc.tuple(near, near, word, word, fc.integer({ min: 1, max: 128 }))
  fc.assert(
    fc.property(fc.array(v4), fc.array(v6), fc.array(word), (fours, sixes, strangers) => {
      const [list4, list6] = [new BlockList(), new BlockList()]
      const texts: string[] = []
      for (const [address, length] of fours) {
        const { text } = new IpAddress(4, address, 0, 0, 0)
        texts.push(`${text}/${length}`)
        list4.addSubnet(text, length, 'ipv4')
      }
      for (const [word0, word1, word2, word3, length] of sixes) {
        const { text } = new IpAddress(6, word0, word1, word2, word3)
        texts.push(`${text}/${length}`)
        list6.addSubnet(text, length, 'ipv6')
      }
      const all = homeOf(texts)
      const asked4 = [
        ...fours.flatMap(([address]) => [address, address ^ 1, address + 256]),
        ...strangers,
      ]
      for (const address of asked4) {
        const { text, word0 } = new IpAddress(4, address | 0, 0, 0, 0)
        expect(all.has(4, word0, 0, 0, 0), text).toBe(list4.check(text, 'ipv4'))
      }
      for (const [word0, word1, word2, word3] of sixes) {
        for (const last of [word3, word3 ^ 1, ~word3]) {
          const { text } = new IpAddress(6, word0, word1, word2, last)
          // Node takes IPv4-mapped addresses for IPv4.
          if (text.startsWith('::ffff:')) continue
          expect(all.has(6, word0, word1, word2, last), text).toBe(list6.check(text, 'ipv6'))
        }
      }
    }),
  )
})
