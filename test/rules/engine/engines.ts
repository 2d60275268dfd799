import { type Program } from '../../../src/rules/admission/program.ts'
import { indexed } from '../../../src/rules/engine/indexed.ts'
import { fullScan, type Matcher } from '../../../src/rules/evaluate/full-scan.ts'
import { type FieldReader } from '../../../src/rules/fields.ts'

type Engine = <Event>(
  programs: readonly Program[],
  readerOf: () => FieldReader<Event>,
) => Matcher<Event>

/** Everything that claims to evaluate rules; the first is the reference. */
export const engines: Readonly<Record<'full scan' | 'generated' | 'closures', Engine>> = {
  'full scan': (programs, readerOf) => fullScan(programs, readerOf),
  generated: (programs, readerOf) => indexed(programs, readerOf, { functions: 'generated' }),
  closures: (programs, readerOf) => indexed(programs, readerOf, { functions: 'closures' }),
}
