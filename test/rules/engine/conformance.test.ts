import { describe, expect, test } from 'vitest'
import { objectReader } from '../../../src/rules/slots/object.ts'
import { compileCase, files, readCases } from '../case.ts'
import { engines } from './engines.ts'

const cases = files.flatMap(file =>
  readCases(file).map(one => [`${one.clause}: ${one.name}`, one] as const),
)

describe.each(['generated', 'closures'] as const)('conformance with %s functions', name => {
  test.each(cases)('%s', (_, one) => {
    const { programs } = compileCase(one)
    const matcher = engines[name](programs, () => objectReader)
    const matches = (event: object) => {
      let count = 0
      matcher.match('flow', event, () => count++)
      return count > 0
    }
    expect(one.match?.filter(event => !matches(event)) ?? []).toEqual([])
    expect(one['no-match']?.filter(matches) ?? []).toEqual([])
  })
})
