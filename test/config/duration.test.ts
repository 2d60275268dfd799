import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { milliseconds, parseDuration } from '../../src/config/duration.ts'

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    [0, 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('reads %j as %i ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  test.each(['', ' ', '5', '-1s', '+1s', '1 h', '1H', 'h', '1e3s', '1h ', '1y', '1..5s', '00'])(
    'refuses %j',
    text => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  test.each([1, -1, 0.5, Number.NaN])('refuses the bare number %d', number => {
    expect(parseDuration(number)).toBeUndefined()
  })

  test('adds up its parts, whatever they are', () => {
    const amount = fc.integer({ min: 0, max: 999 })
    fc.assert(
      fc.property(amount, amount, amount, (hours, minutes, seconds) => {
        const expected = ((hours * 60 + minutes) * 60 + seconds) * 1000
        expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(expected)
      }),
    )
  })

  test('ends soon on a long hostile text', () => {
    expect(parseDuration(`${'1s'.repeat(100_000)}x`)).toBeUndefined()
  })

  test('milliseconds of a checked value is its number', () => {
    expect(milliseconds('1m')).toBe(60_000)
  })
})
