import { type DetectionRule, type Document } from '../ast.ts'
import { type Faults } from '../fault.ts'
import { type Placeholders } from '../modifiers/placeholders.ts'
import { type MapNode } from '../yaml/node.ts'
import { parseConditions } from './condition.ts'
import { parseLogsource } from './logsource.ts'
import { parseSelections } from './selection.ts'

/** A detection rule; undefined with faults. */
export function parseDetection(
  map: MapNode,
  document: Document,
  faults: Faults,
  placeholders: Placeholders,
): DetectionRule | undefined {
  const { offset } = document
  const logsource = parseLogsource(map.entries.get('logsource'), offset, faults)
  const entry = map.entries.get('detection')
  if (entry?.value.type !== 'map') {
    return faults.error(
      entry?.offset ?? offset,
      '`detection` is a map of selections and `condition`',
    )
  }
  const detection = entry.value
  const selections = parseSelections(detection, ['condition', 'timeframe'], faults, placeholders)
  const timeframe = detection.entries.get('timeframe')
  if (timeframe !== undefined) {
    faults.warn(timeframe.offset, '`timeframe` belonged to aggregations and is not read')
  }
  // A condition cannot be judged by selections that could not be read.
  if (faults.fatal && selections.size < countSelections(detection)) return undefined
  const condition = detection.entries.get('condition')?.value
  const conditions = parseConditions(condition, selections, entry.offset, faults)
  if (faults.fatal || logsource === undefined) return undefined
  return { ...document, kind: 'detection', logsource, selections, conditions }
}

function countSelections({ entries }: MapNode): number {
  return [...entries.keys()].filter(name => name !== 'condition' && name !== 'timeframe').length
}
