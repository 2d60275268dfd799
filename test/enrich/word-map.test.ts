import { expect, test } from 'vitest'
import { WordMap } from '../../src/enrich/word-map.ts'
import { random } from '../generate/bytes.ts'

test('a map of words is what a Map of texts is, also in its order', () => {
  const next = random(7)
  const roll = (sides: number) => Math.floor(next() * sides)
  const map = new WordMap<number>()
  const oracle = new Map<string, number>()
  for (let step = 0; step < 60_000; step++) {
    // Both halves may have their highest bit, as addresses do.
    const [one, two] = [roll(40) * 0x10000001, 0xffffffff - roll(40)]
    const name = `${one | 0} ${two | 0}`
    expect(map.get(one, two)).toBe(oracle.get(name))
    if (roll(100) < (step % 20_000 < 10_000 ? 70 : 30)) {
      map.set(one, two, step)
      oracle.set(name, step)
    } else {
      expect(map.delete(one, two)).toBe(oracle.get(name))
      oracle.delete(name)
    }
    expect(map.size).toBe(oracle.size)
    if (step % 997 === 0) expect([...map.values()]).toEqual([...oracle.values()])
  }
})

test('who comes while the values are looked at is among them', () => {
  const map = new WordMap<number>()
  for (let n = 0; n < 10; n++) map.set(n, 0, n)
  const seen: number[] = []
  for (const value of map.values()) {
    seen.push(value)
    if (value < 5) map.set(100 + value, 0, 100 + value)
    if (value === 2) map.delete(3, 0)
  }
  expect(seen).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 100, 101, 102, 104])
})
