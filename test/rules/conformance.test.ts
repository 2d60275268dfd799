import { describe, expect, test } from 'vitest'
import { type Program } from '../../src/rules/admission/program.ts'
import { fullScan, type Matcher } from '../../src/rules/evaluate/full-scan.ts'
import { objectReader } from '../../src/rules/slots/object.ts'
import { type Case, compileCase, files, readCases } from './case.ts'

/** Everything that claims to evaluate rules. */
const engines: Record<string, (programs: readonly Program[]) => Matcher<object>> = {
  'full scan': programs => fullScan(programs, () => objectReader),
}

describe.each(Object.keys(engines))('%s', name => {
  const engine = engines[name] ?? (() => fullScan([], () => objectReader))
  describe.each(files)('%s', file => {
    test.each(readCases(file).map(one => [`${one.clause}: ${one.name}`, one] as const))(
      '%s',
      (_, one) => check(one, engine),
    )
  })
})

function check(one: Case, engine: (programs: readonly Program[]) => Matcher<object>) {
  const { programs, faults } = compileCase(one)
  const errors = faults.filter(({ severity }) => severity === 'error').map(fault => fault.message)
  const wanted = one.faults ?? one['partial-faults'] ?? []
  for (const text of wanted) expect(errors.join('\n')).toContain(text)
  if (wanted.length === 0) expect(errors).toEqual([])
  if (one.faults !== undefined) expect(programs).toEqual([])
  for (const text of one.warnings ?? []) {
    expect(faults.map(fault => fault.message).join('\n')).toContain(text)
  }
  const matcher = engine(programs)
  const matches = (event: object) => {
    let count = 0
    matcher.match('flow', event, () => count++)
    return count > 0
  }
  expect(one.match?.filter(event => !matches(event)) ?? []).toEqual([])
  expect(one['no-match']?.filter(matches) ?? []).toEqual([])
}
