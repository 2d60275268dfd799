import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Program } from '../../../src/rules/admission/program.ts'
import { type Matcher } from '../../../src/rules/evaluate/full-scan.ts'
import { type FieldReader } from '../../../src/rules/fields.ts'
import { objectReader } from '../../../src/rules/slots/object.ts'
import { engines } from './engines.ts'
import { events, expressions, fullEvents, plainExpressions, programOf } from './random.ts'

/** ORTHRUS_FUZZ_PAIRS=100000 for the long run. */
const pairs = Number(process.env['ORTHRUS_FUZZ_PAIRS'] ?? 10_000)
const perSet = { rules: 8, events: 5 }

const sparse: FieldReader<object> = {
  ...objectReader,
  slotOf: field => (field === 'never' ? undefined : objectReader.slotOf(field)),
}

test.each([
  ['plain rules match full', plainExpressions, fullEvents],
  ['nested rules match odd', expressions, events],
])(
  `${'%s'} events the same way in all engines (${pairs} pairs)`,
  (_, rule, event) => {
    const rules = fc.array(rule, { minLength: 1, maxLength: perSet.rules * 2 })
    const stream = fc.array<object>(event, { minLength: 1, maxLength: perSet.events * 2 })
    fc.assert(
      fc.property(rules, stream, (trees, list) => {
        const programs = trees.map(programOf)
        const [reference, ...others] = Object.values(engines).map(make =>
          make(programs, () => sparse),
        )
        for (const event of list) {
          const wanted = found(programs, reference, event)
          for (const other of others) expect(found(programs, other, event)).toEqual(wanted)
        }
      }),
      { numRuns: Math.ceil(pairs / 2 / (perSet.rules * perSet.events)) },
    )
  },
  600_000,
)

function found(programs: readonly Program[], matcher: Matcher<object> | undefined, event: object) {
  const numbers: number[] = []
  matcher?.match('flow', event, program => numbers.push(programs.indexOf(program)))
  return numbers
}
