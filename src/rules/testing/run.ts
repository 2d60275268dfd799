import { isDeepStrictEqual } from 'node:util'
import { compileExpression } from '../evaluate/closure.ts'
import { explain, selectionsThat } from '../evaluate/explain.ts'
import { type LinkedRule } from '../link/set.ts'
import { objectReader, readPath } from '../slots/object.ts'
import { describeTrace } from './describe.ts'
import {
  type Change,
  kindOf,
  programsOf,
  type TestAlert,
  type TestEngine,
  unchanged,
} from './engine.ts'
import { type ReadyTest, testStart } from './inputs.ts'
import { withoutSelection } from './mutate.ts'
import { type Expectation } from './spec.ts'

/** Why a test failed, in lines for people; none when it passed. */
export type Failures = readonly string[]

export type OpenEngine = (linked: LinkedRule, change: Change) => TestEngine

/** Runs one test on a rule of its own; the clock starts at 1 January 2026. */
export function runTest(
  test: ReadyTest,
  linked: LinkedRule,
  open: OpenEngine,
  change: Change = unchanged,
): Failures {
  const { steps, failure } = test
  if (failure !== undefined) return [failure]
  const engine = open(linked, change)
  const failures: string[] = []
  const all: TestAlert[] = []
  for (const step of steps) {
    const alerts = engine.feed(step.event, testStart + step.at)
    all.push(...alerts)
    failures.push(...judge(step.expect, alerts, step.event, linked))
  }
  const last = steps.at(-1)?.event ?? {}
  failures.push(...judge(test.expect, all, last, linked))
  if (test.because !== undefined) failures.push(...checkBecause(test.because, last, linked))
  return failures
}

function judge(
  expected: Expectation | undefined,
  alerts: readonly TestAlert[],
  event: object,
  linked: LinkedRule,
): string[] {
  if (expected === undefined) return []
  const { least, most, level, fields, matched } = expected
  if (alerts.length < least || alerts.length > most) {
    return [`expected ${range(least, most)}, got ${alerts.length}`, ...whyOf(event, linked)]
  }
  const failures: string[] = []
  for (const alert of alerts) {
    if (level !== undefined && alert.level !== level) {
      failures.push(`expected level ${level}, got ${alert.level}`)
    }
    for (const [name, value] of fields) {
      const actual = readPath(alert.event, name)
      if (!isDeepStrictEqual(actual, value)) {
        failures.push(`expected ${name} ${JSON.stringify(value)}, got ${JSON.stringify(actual)}`)
      }
    }
  }
  return [...failures, ...checkMatched(matched, event, linked)]
}

function range(least: number, most: number): string {
  if (least === most) return least === 1 ? '1 alert' : `${least} alerts`
  if (most === Number.POSITIVE_INFINITY) return least === 1 ? 'a match' : `at least ${least} alerts`
  return `${least} to ${most} alerts`
}

function traceOf(event: object, linked: LinkedRule) {
  const kind = kindOf(event, linked)
  const program = programsOf(linked).find(one => one.kind === kind)
  return program && explain(program.expression, objectReader, event)
}

function whyOf(event: object, linked: LinkedRule): string[] {
  const trace = traceOf(event, linked)
  if (trace === undefined) return ['the rule does not look at events of this kind']
  return describeTrace(trace, linked.rule.source)
}

function checkMatched(matched: readonly string[], event: object, linked: LinkedRule): string[] {
  if (matched.length === 0) return []
  const trace = traceOf(event, linked)
  const found = trace === undefined ? new Set<string>() : selectionsThat(true, trace)
  return matched
    .filter(name => !found.has(name))
    .map(name => `the selection \`${name}\` did not match`)
}

/** Without that selection, and only then, the event would match. */
function checkBecause(name: string, event: object, linked: LinkedRule): string[] {
  const kind = kindOf(event, linked)
  const program = programsOf(linked).find(one => one.kind === kind)
  if (program === undefined)
    return [`not because of \`${name}\`: the rule does not look at such events`]
  const changed = withoutSelection(program.expression, name)
  if (compileExpression(changed, objectReader)(event)) return []
  return [`not because of \`${name}\`:`, ...whyOf(event, linked)]
}
