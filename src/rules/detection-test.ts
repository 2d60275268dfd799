import { type Complaint } from '../config/fault.ts'
import { compileExpression, type Predicate } from './evaluate/closure.ts'
import { Faults } from './fault.ts'
import { type Placeholders } from './modifiers/placeholders.ts'
import { parseConditions } from './parse/condition.ts'
import { parseSelections } from './parse/selection.ts'
import { objectReader } from './slots/object.ts'
import { PlainNodes } from './yaml/plain-node.ts'

/** A `detection` that stands outside a rule: the test of a document, or what is wrong with it. */
export type DetectionTest =
  | { readonly test: Predicate<object>; readonly faults: readonly [] }
  | { readonly test: undefined; readonly faults: readonly Complaint[] }

/**
 * Sigma's `detection` (selections and `condition`, all modifiers) over documents with ECS names, as
 * plain values. Faults have their path in it; what a rule is only warned of is one as well.
 */
export function detectionTest(
  detection: object,
  placeholders: Placeholders = new Map(),
): DetectionTest {
  const nodes = new PlainNodes()
  const map = nodes.node(detection, [])
  if (map?.type !== 'map') return wrong([{ path: [], part: 'value', message: 'nested too deeply' }])
  const faults = new Faults(nodes.source)
  const selections = parseSelections(map, ['condition'], faults, placeholders)
  const condition = map.entries.get('condition')?.value
  // A condition cannot be judged by selections that could not be read.
  const conditions = faults.fatal ? [] : parseConditions(condition, selections, map.offset, faults)
  if (faults.list.length > 0) {
    return wrong(faults.list.map(({ line, message }) => ({ ...nodes.placeOf(line), message })))
  }
  const items = conditions.map(({ expression }) => expression)
  return { test: compileExpression({ op: 'or', items }, objectReader), faults: [] }
}

function wrong(faults: readonly Complaint[]): DetectionTest {
  return { test: undefined, faults }
}
