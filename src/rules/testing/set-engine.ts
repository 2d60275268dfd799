import { type CorrelationRule, type DetectionRule } from '../ast.ts'
import { type FieldReader } from '../fields.ts'
import { type LinkedCorrelation, type LinkedRule, type RuleSet } from '../link/set.ts'
import { type Kind } from '../mapping/kind.ts'
import { compileRules } from '../ruleset.ts'
import { objectReader } from '../slots/object.ts'
import { type Change, kindOf, programsOf, type TestAlert, type TestEngine } from './engine.ts'

/** What one document needs to run: itself, and what it refers to, each before those that use it. */
interface Parts {
  readonly rules: readonly LinkedRule[]
  readonly correlations: readonly LinkedCorrelation[]
}

interface TestEvent {
  readonly event: object
  readonly kind: Kind | undefined
  readonly time: number
}

/** µs: shorter than what a baseline takes for a sensor that stood still. */
const watched = 5 * 60 * 1e6

const reader: FieldReader<TestEvent> = {
  slotOf(field) {
    const read = objectReader.slotOf(field)
    return read && (({ event }) => read(event))
  },
  texts: ({ event }) => objectReader.texts(event),
}

/** The whole engine for a rule with a baseline, with a memory of its own. */
export function baselineEngine(linked: LinkedRule, change: Change): TestEngine {
  return engineOf(linked.rule, { rules: [linked], correlations: [] }, change)
}

/** The whole engine for a correlation and the rules below it, with windows of its own. */
export function correlationEngine(
  linked: LinkedCorrelation,
  set: RuleSet,
  change: Change,
): TestEngine {
  return engineOf(linked.rule, partsOf(linked, set), change)
}

/** Detections that a correlation is made of, also through others. */
export function partsOf(linked: LinkedCorrelation, set: RuleSet): Parts {
  const needed = new Set<DetectionRule | CorrelationRule>()
  const add = ({ rule, targets }: LinkedCorrelation) => {
    needed.add(rule)
    for (const target of targets) {
      const inner = set.correlations.find(one => one.rule === target)
      if (inner === undefined) needed.add(target)
      else if (!needed.has(target)) add(inner)
    }
  }
  add(linked)
  return {
    rules: set.rules.filter(({ rule }) => needed.has(rule)),
    correlations: set.correlations.filter(({ rule }) => needed.has(rule)),
  }
}

function engineOf(
  tested: DetectionRule | CorrelationRule,
  { rules, correlations }: Parts,
  change: Change,
): TestEngine {
  // Alone it alerts, though in its set it may only be there for another.
  const mark = <T extends Parts['rules'][number] | LinkedCorrelation>(one: T): T => ({
    ...one,
    alerts: one.rule === tested,
  })
  const own = rules.map(mark)
  const programs = own.flatMap(programsOf).map(program => ({
    ...program,
    expression: change(program.expression),
  }))
  const linked = correlations.map(mark)
  const set = { rules: own, correlations: linked, filters: [], invalid: [], faults: [] }
  const engine = compileRules<TestEvent>(
    { set, programs, correlations: linked, report: [] },
    { readerOf: () => reader, kindOf: ({ kind }) => kind, timeOf: ({ time }) => time },
  )
  let now: number | undefined
  return {
    feed: (event, time) => {
      // On the clock of a test the sensor watches all the time, so what learns goes on learning.
      for (let at = now ?? time; at < time; at += watched) engine.advance(at)
      now = time
      const found: TestAlert[] = []
      const [kind] = rules.flatMap(rule => kindOf(event, rule) ?? [])
      engine.evaluate({ event, kind, time }, ({ level }) => found.push({ level, event }))
      return found
    },
  }
}
