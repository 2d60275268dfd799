import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Program } from '../../../src/rules/admission/program.ts'
import { type Matcher } from '../../../src/rules/evaluate/full-scan.ts'
import { type FieldReader } from '../../../src/rules/fields.ts'
import { objectReader } from '../../../src/rules/slots/object.ts'
import { engines } from './engines.ts'
import { events, expressions, fullEvents, plainExpressions, programOf } from './random.ts'

/** Rules times events of each test at least; ORTHRUS_FUZZ_PAIRS=100000 for the long run. */
const pairs = Number(process.env['ORTHRUS_FUZZ_PAIRS'] ?? 4000)

const sparse: FieldReader<object> = {
  ...objectReader,
  slotOf: field => (field === 'never' ? undefined : objectReader.slotOf(field)),
}

/** The same, with fields that make classes of events. */
const coarse: FieldReader<object> = {
  ...sparse,
  isCoarse: field => field === 'a' || field === 'd.e' || field === 'never',
}

test.each([
  ['plain rules match full', plainExpressions, fullEvents, sparse],
  ['plain rules match full, classed', plainExpressions, fullEvents, coarse],
  ['nested rules match odd', expressions, events, sparse],
  ['nested rules match odd, classed', expressions, events, coarse],
])(
  `%s events the same way in all engines (${pairs} pairs)`,
  { timeout: 600_000 },
  (_, rule, event, reader) => {
    const rules = fc.array(rule, { minLength: 1, maxLength: 16, size: 'max' })
    const stream = fc.array<object>(event, { minLength: 1, maxLength: 10, size: 'max' })
    const sets = fc.record({ rules, stream })
    let [done, matches] = [0, 0]
    while (done < pairs) {
      fc.assert(
        fc.property(sets, ({ rules: trees, stream: list }) => {
          done += trees.length * list.length
          matches += compare(trees.map(programOf), list, reader)
        }),
        { numRuns: 50 },
      )
    }
    // Engines that never find anything agree too.
    expect(matches).toBeGreaterThan(done / 50)
  },
)

/** Fails where an engine answers otherwise than the full scan; how many matches there are. */
function compare(
  programs: readonly Program[],
  list: readonly object[],
  reader: FieldReader<object>,
): number {
  const [reference, ...others] = Object.values(engines).map(make => make(programs, () => reader))
  let matches = 0
  for (const event of list) {
    const wanted = found(programs, reference, event)
    matches += wanted.length
    for (const other of others) expect(found(programs, other, event)).toEqual(wanted)
  }
  return matches
}

function found(programs: readonly Program[], matcher: Matcher<object> | undefined, event: object) {
  const numbers: number[] = []
  matcher?.match('flow', event, program => numbers.push(programs.indexOf(program)))
  return numbers
}
