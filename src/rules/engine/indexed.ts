import { type Program } from '../admission/program.ts'
import { type Matcher } from '../evaluate/full-scan.ts'
import { type FieldReader } from '../fields.ts'
import { type Kind } from '../mapping/kind.ts'
import { type BudgetOptions, type Cost } from './budget.ts'
import { canGenerate } from './generate.ts'
import { KindEngine } from './kind-engine.ts'

export interface EngineOptions {
  /** `closures` makes no code from texts; without it that is found out. */
  readonly functions?: 'generated' | 'closures'
  readonly budget?: BudgetOptions | undefined
  readonly onDisabled?: ((program: Program, cost: Cost) => void) | undefined
}

/** What a matcher says about its work so far. */
export interface EngineCounts {
  readonly events: number
  /** Rules that were asked. */
  readonly candidates: number
  readonly matches: number
}

export interface IndexedMatcher<Event> extends Matcher<Event> {
  readonly functions: 'generated' | 'closures'
  readonly counts: EngineCounts
}

/**
 * Finds what matches by looking once at each field for all that rules ask of it, and asking only the
 * rules that this may concern. The same answers as `fullScan`.
 */
export function indexed<Event>(
  programs: readonly Program[],
  readerOf: (kind: Kind) => FieldReader<Event>,
  options: EngineOptions = {},
): IndexedMatcher<Event> {
  const generated = options.functions !== 'closures' && canGenerate()
  const { budget, onDisabled } = options
  const engines = new Map<Kind, KindEngine<Event>>()
  for (const kind of new Set(programs.map(program => program.kind))) {
    const own = programs.filter(program => program.kind === kind)
    engines.set(kind, new KindEngine(own, readerOf(kind), { generated, budget, onDisabled }))
  }
  return {
    functions: generated ? 'generated' : 'closures',
    match: (kind, event, found) => engines.get(kind)?.match(event, found),
    get counts() {
      return sumCounts([...engines.values()].map(({ counts }) => counts))
    },
  }
}

function sumCounts(counts: readonly EngineCounts[]): EngineCounts {
  return {
    events: counts.reduce((sum, { events }) => sum + events, 0),
    candidates: counts.reduce((sum, { candidates }) => sum + candidates, 0),
    matches: counts.reduce((sum, { matches }) => sum + matches, 0),
  }
}
