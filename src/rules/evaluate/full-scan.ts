import { type Program } from '../admission/program.ts'
import { type FieldReader } from '../fields.ts'
import { type Kind } from '../mapping/kind.ts'
import { compileExpression, type Predicate } from './closure.ts'

/** Something that finds the programs that match an event, calling `found` for each in their order. */
export interface Matcher<Event> {
  match(kind: Kind, event: Event, found: (program: Program) => void): void
}

/**
 * Asks every program of the event's kind, one after the other: the reference for all indexes, and
 * what `--no-index` runs.
 */
export function fullScan<Event>(
  programs: readonly Program[],
  readerOf: (kind: Kind) => FieldReader<Event>,
): Matcher<Event> {
  const compiled = new Map<Kind, { program: Program; test: Predicate<Event> }[]>()
  for (const program of programs) {
    const test = compileExpression(program.expression, readerOf(program.kind))
    const list = compiled.get(program.kind) ?? []
    compiled.set(program.kind, list)
    list.push({ program, test })
  }
  return {
    match: (kind, event, found) => {
      for (const { program, test } of compiled.get(kind) ?? []) if (test(event)) found(program)
    },
  }
}
