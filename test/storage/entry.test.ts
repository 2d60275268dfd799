import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c, keySequence, seal, sequenceKey, unseal } from '../../src/storage/entry.ts'

describe('entry', () => {
  // RFC 3720 appendix B.4.
  test.each([
    ['32 bytes of zero', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, n) => n)), 0x46dd794e],
    ['the check string', Buffer.from('123456789'), 0xe3069283],
  ])('has the reference CRC-32C of %s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc)
  })

  test('gives back what was sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(unseal(seal(bytes))).toEqual(Buffer.from(bytes))
      }),
    )
    expect(unseal(seal('naïve 🐕'))?.toString()).toBe('naïve 🐕')
  })

  test('refuses an entry with any one bit turned over, and one cut short', () => {
    const entry = seal('{"mac":"00-00-5E-00-53-23"}')
    for (let bit = 0; bit < entry.length * 8; bit++) {
      const damaged = Buffer.from(entry)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(unseal(damaged)).toBeUndefined()
    }
    expect(unseal(entry.subarray(0, 3))).toBeUndefined()
    expect(unseal(entry.subarray(0, -1))).toBeUndefined()
  })

  test('sorts the keys of sequence numbers as the numbers', () => {
    const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Buffer.compare(sequenceKey(a), sequenceKey(b))).toBe(Math.sign(a - b))
        expect(keySequence(sequenceKey(a))).toBe(a)
      }),
    )
  })
})
