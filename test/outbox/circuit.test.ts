import { describe, expect, test } from 'vitest'
import { Circuit } from '../../src/outbox/circuit.ts'

/** A circuit on a clock of the test's own, with the longest pauses that chance can give. */
function circuit() {
  const clock = { now: 1000 }
  return { clock, circuit: new Circuit({ now: () => clock.now, random: () => 1 }) }
}

describe('circuit', () => {
  test('pauses grow from 0.5 s to 60 s, and a success ends them', () => {
    const { circuit: one } = circuit()
    const waits = Array.from({ length: 10 }, () => {
      one.failed('transient')
      return one.wait
    })
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    one.succeeded()
    expect([one.wait, one.state]).toEqual([0, 'up'])
  })

  test('any pause up to the limit is possible: many sensors do not come back together', () => {
    const one = new Circuit({ now: () => 0, random: () => 0.25 })
    one.failed('transient')
    expect(one.wait).toBe(125)
  })

  test('five failures in a row open it: then one alert at a time', () => {
    const { circuit: one } = circuit()
    const limits = Array.from({ length: 6 }, () => {
      one.failed('transient')
      return [one.state, one.limit(256)]
    })
    expect(limits).toEqual([
      ['degraded', 128],
      ['degraded', 64],
      ['degraded', 32],
      ['degraded', 16],
      ['down', 1],
      ['down', 1],
    ])
  })

  test.each([
    [7000, 7000],
    [10, 500],
    [3_600_000, 900_000],
    [-5, 500],
    [Number.NaN, 500],
    [Number.POSITIVE_INFINITY, 500],
  ])('Retry-After of %d ms is a floor, of 15 min at most', (asked, wait) => {
    const { circuit: one } = circuit()
    one.failed('transient', asked)
    expect(one.wait).toBe(wait)
  })

  test('another batch that was under way does not shorten what the far side asked for', () => {
    const { circuit: one, clock } = circuit()
    one.failed('transient', 7000)
    one.succeeded()
    expect(one.wait).toBe(7000)
    clock.now += 7001
    one.succeeded()
    expect(one.wait).toBe(0)
  })

  test('a wrong configuration is asked about once a minute', () => {
    const { circuit: one } = circuit()
    one.failed('configuration')
    expect([one.state, one.wait, one.limit(256)]).toEqual(['down', 60_000, 1])
    one.failed('configuration')
    expect(one.wait).toBe(60_000)
  })

  test('what is gone is never asked again', () => {
    const { circuit: one } = circuit()
    one.failed('gone')
    expect([one.state, one.wait]).toEqual(['disabled', Number.POSITIVE_INFINITY])
  })

  test.each([
    [-1e12, 0],
    [5000, 5000],
    [1e15, 900_000],
    [Number.NaN, 0],
  ])(
    'a pause of %d ms that a former run left is %d: a clock that jumped costs 15 min at most',
    (left, wait) => {
      const { circuit: one } = circuit()
      one.restore(3, left)
      expect([one.wait, one.failures]).toEqual([wait, 3])
    },
  )
})
