import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Distinct } from '../../src/detectors/distinct.ts'

test('counts what it took for new, in whatever order it came, values that share a bit among them', () => {
  const ports = fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), {
    minLength: 50,
    maxLength: 50,
  })
  fc.assert(
    fc.property(ports, values => {
      const distinct = new Distinct()
      const taken = values.filter(value => distinct.add(value)).length
      expect(distinct.size).toBe(taken)
      expect(distinct.first).toEqual(values.slice(0, 16))
    }),
    { numRuns: 2000 },
  )
})
