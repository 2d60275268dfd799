import { BlockList, isIP, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpAddress, ipText } from '../../src/decode/address.ts'
import { isoTime } from '../../src/decode/clock.ts'
import { MacAddress, macText } from '../../src/decode/mac.ts'

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
/** Mostly zeros, so that runs to shorten are common. */
const sparse = fc.oneof(fc.constant(0), fc.nat(0xffff), word)

describe('an address', () => {
  // RFC 5952 4 and 5
  test.each([
    ['2001:db8::1', [0x20010db8, 0, 0, 1]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['fe80::', [0xfe800000, 0, 0, 0]],
    ['2001:db8:0:1:1:1:1:1', [0x20010db8, 1, 0x00010001, 0x00010001]],
    ['2001:0:0:1::1', [0x20010000, 1, 0, 1]],
    ['2001:db8::1:0:0:1', [0x20010db8, 0, 0x00010000, 1]],
    ['::ffff:192.0.2.1', [0, 0, 0xffff, 0xc0000201]],
  ])('%s is written as RFC 5952 says', (text, [word0 = 0, word1 = 0, word2 = 0, word3 = 0]) => {
    expect(ipText(6, word0 | 0, word1 | 0, word2 | 0, word3 | 0)).toBe(text)
  })

  test('is read back from its own text, and Node reads the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        sparse,
        sparse,
        sparse,
        sparse,
        (family, ...words) => {
          const address = new IpAddress(
            family,
            words[0],
            ...(family === 4 ? ([0, 0, 0] as const) : ([words[1], words[2], words[3]] as const)),
          )
          expect(isIP(address.text)).toBe(family)
          expect(IpAddress.parse(address.text)).toEqual(address)
          const list = new BlockList()
          list.addAddress(
            new SocketAddress({ address: address.text, family: family === 4 ? 'ipv4' : 'ipv6' }),
          )
          expect(list.check(address.text, family === 4 ? 'ipv4' : 'ipv6')).toBe(true)
        },
      ),
    )
  })

  test.each(['', 'host', '1.2.3', '1.2.3.4/8', 'fe80::1%eth0', '::1::2', '1.2.3.256'])(
    '`%s` is none',
    text => {
      expect(IpAddress.parse(text)).toBeUndefined()
    },
  )

  test('of an event without IP has no text', () => {
    expect(ipText(0, 1, 2, 3, 4)).toBeUndefined()
  })

  test('text is the same from the cache as without it', () => {
    // Twice as many addresses as slots: each slot is taken over and over.
    for (const round of [0, 1]) {
      for (let index = 0; index < 8192; index++) {
        expect(ipText(4, index * 65537, 0, 0, 0)).toBe(
          [
            (index * 65537) >>> 24,
            ((index * 65537) >>> 16) & 255,
            ((index * 65537) >>> 8) & 255,
            (index * 65537) & 255,
          ].join('.'),
        )
        expect(ipText(6, 0x20010db8, 0, round, index + 1)).toBe(
          round === 0
            ? `2001:db8::${(index + 1).toString(16)}`
            : `2001:db8::1:0:${(index + 1).toString(16)}`,
        )
      }
    }
  })
})

describe('a MAC', () => {
  test('is written as ECS wants it and read in every usual notation', () => {
    expect(macText(0x00005e, 0x005323)).toBe('00-00-5E-00-53-23')
    for (const text of [
      '00-00-5E-00-53-23',
      '00:00:5e:00:53:23',
      '0000.5e00.5323',
      '00005e005323',
    ]) {
      expect(MacAddress.parse(text)).toEqual(new MacAddress(0x00005e, 0x005323))
    }
    expect(MacAddress.parse('00:00:5e:00:53')).toBeUndefined()
    expect(macText(0, 0)).toBeUndefined()
  })

  test('text is the same from the cache as without it', () => {
    for (let index = 1; index < 6000; index++) {
      const text = macText(index * 2777, index * 1559)
      expect(MacAddress.parse(text ?? '')).toEqual(new MacAddress(index * 2777, index * 1559))
    }
  })
})

test.each([
  [1_790_000_000_123_456, '2026-09-21T14:13:20.123456Z'],
  [1_790_000_000_000_000.5, '2026-09-21T14:13:20.000000Z'],
  [0, '1970-01-01T00:00:00.000000Z'],
  [-1, '1969-12-31T23:59:59.999999Z'],
])('%d µs is %s', (time, text) => {
  expect(isoTime(time)).toBe(text)
})
