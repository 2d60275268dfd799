import { describe, expect, test } from 'vitest'
import { Bounded, type Kept } from '../../src/detectors/bounded.ts'
import { Distinct } from '../../src/detectors/distinct.ts'
import { addressKey, pairKey } from '../../src/detectors/keys.ts'

const second = 1e6

interface Entry extends Kept {
  readonly weight: number
}

const table = (limit: number) =>
  new Bounded<Entry>({
    limit,
    idle: ({ weight }, crowded) => (weight > 1 || !crowded ? 60 * second : second),
  })

describe('a bounded table', () => {
  test('refuses and counts what does not fit, and pushes nothing out', () => {
    const kept = table(100)
    for (let key = 0; key < 1000; key++) kept.add(key, { last: 0, weight: 2 }, 0)
    expect([kept.size, kept.refused, kept.expired]).toEqual([100, 900, 0])
    expect(kept.get(7, second)?.weight).toBe(2)
    expect(kept.get(700, second)).toBeUndefined()
  })

  test('lets go of what is silent, all of it within a minute', () => {
    const kept = table(10_000)
    for (let key = 0; key < 10_000; key++) kept.add(key, { last: 0, weight: 2 }, 0)
    for (let s = 61; s < 125; s++) kept.advance(s * second)
    expect([kept.size, kept.expired]).toEqual([0, 10_000])
  })

  test('when it is full, makes room of what has hardly begun, never of what is watched', () => {
    const kept = table(100)
    for (let key = 0; key < 50; key++) kept.add(key, { last: 0, weight: 2 }, 0)
    for (let key = 50; key < 100; key++) kept.add(key, { last: 0, weight: 1 }, 0)
    for (let key = 100; key < 5000; key++) {
      kept.add(key, { last: 0.001 * key * second, weight: 1 }, 0.001 * key * second)
    }
    expect(kept.expired).toBeGreaterThan(0)
    for (let key = 0; key < 50; key++) expect(kept.get(key, 5 * second)).toBeDefined()
  })
})

test('keys of addresses and pairs do not meet', () => {
  const four = Array.from({ length: 65_536 }, (_, i) => addressKey(4, 0x0a000000 + i, 0, 0, 0))
  const six = Array.from({ length: 65_536 }, (_, i) => addressKey(6, 0x20010db8, 0, 0, i))
  const pairs = four.map((key, i) => pairKey(key, six[65_535 - i] ?? 0))
  expect(new Set([...four, ...six, ...pairs]).size).toBe(3 * 65_536)
  expect([...six, ...pairs].every(Number.isSafeInteger)).toBe(true)
})

test.each([1, 16, 17, 100, 1000, 10_000, 30_000])('%i different values are counted', count => {
  const distinct = new Distinct()
  for (let round = 0; round < 2; round++) {
    for (let value = 0; value < count; value++) distinct.add(value * 7919)
  }
  const off = Math.abs(distinct.size - count) / count
  expect(off).toBeLessThan(count <= 16 ? 1e-9 : count <= 1000 ? 0.03 : 0.2)
})
