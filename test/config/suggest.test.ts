import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closest } from '../../src/config/suggest.ts'

const keys = ['interfaces', 'attach', 'learning', 'home']

test.each([
  ['interface', 'interfaces'],
  ['intefraces', 'interfaces'],
  ['atach', 'attach'],
  ['LEARNING', 'learning'],
  ['hmoe', 'home'],
])('%s was meant as %s', (word, meant) => {
  expect(closest(word, keys)).toBe(meant)
})

test.each(['', 'x', 'completely-different', 'no'])('%j is close to none', word => {
  expect(closest(word, keys)).toBeUndefined()
})

test('a known word is its own best suggestion', () => {
  fc.assert(fc.property(fc.constantFrom(...keys), word => closest(word, keys) === word))
})
