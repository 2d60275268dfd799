import { type Program, wholeExpression } from '../admission/program.ts'
import { type Expression } from '../ast.ts'
import { compileExpression } from '../evaluate/closure.ts'
import { type LinkedRule } from '../link/set.ts'
import { isKind, type Kind } from '../mapping/kind.ts'
import { kindsOf } from '../mapping/resolve.ts'
import { objectReader, readPath } from '../slots/object.ts'

/** An alert of a test: the event that it is about. */
export interface TestAlert {
  readonly level: string
  readonly event: object
}

/** A rule set up for one test, with nothing remembered from any other. */
export interface TestEngine {
  /** Takes one event at a moment of the virtual clock (µs). */
  feed(event: object, time: number): readonly TestAlert[]
}

/** Changes the expression of a rule before it is compiled: how mutants are made. */
export type Change = (expression: Expression) => Expression

export const unchanged: Change = expression => expression

/** The engine for rules that look at one event only. */
export function detectionEngine(linked: LinkedRule, change: Change): TestEngine {
  const compiled = new Map(
    programsOf(linked).map(({ kind, expression }) => [
      kind,
      compileExpression(change(expression), objectReader),
    ]),
  )
  const level = linked.rule.meta.level ?? 'medium'
  return {
    feed: event => {
      const kind = kindOf(event, linked)
      const test = kind === undefined ? undefined : compiled.get(kind)
      return test?.(event) ? [{ level, event }] : []
    },
  }
}

/** The rule for every kind of event that it may look at, whole: test events need not be ours. */
export function programsOf(linked: LinkedRule): Program[] {
  return kindsOf(linked.rule.logsource).map(kind => ({
    linked,
    kind,
    expression: wholeExpression(linked, kind),
  }))
}

/**
 * The kind that an event says it is in `event.dataset`; without that, the rule's first kind that fits
 * its fields. Undefined where the rule does not look at such events.
 */
export function kindOf(event: object, { rule }: LinkedRule): Kind | undefined {
  const kinds = kindsOf(rule.logsource)
  const dataset = readPath(event, 'event.dataset')
  const name = typeof dataset === 'string' ? dataset.replace(/^orthrus\./, '') : ''
  if (isKind(name)) return kinds.includes(name) ? name : undefined
  const [first] = kinds
  return kinds.find(kind => has(event, kind)) ?? first
}

/** Whether the event has what only that kind has. */
function has(event: object, kind: Kind): boolean {
  const roots = [...(ownRoots[kind] ?? []), `orthrus.${kind}`]
  return roots.some(root => readPath(event, root) !== undefined)
}

const ownRoots: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  dns: ['dns'],
  tls: ['tls'],
  http: ['http', 'url', 'user_agent'],
}
