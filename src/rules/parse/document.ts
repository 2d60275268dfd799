import { type Document, type SigmaDocument } from '../ast.ts'
import { Faults, type RuleFault } from '../fault.ts'
import { type Placeholders } from '../modifiers/placeholders.ts'
import { type MapNode } from '../yaml/node.ts'
import { readYaml } from '../yaml/read.ts'
import { textOf } from './attributes.ts'
import { unfold } from './collection.ts'
import { parseCorrelation } from './correlation.ts'
import { parseDetection } from './detection.ts'
import { parseExtensions } from './extensions.ts'
import { parseFilter } from './filter.ts'
import { parseMetadata } from './metadata.ts'

/** A document that cannot be used, for reports. */
export interface InvalidDocument {
  readonly file: string
  readonly line: number
  readonly id: string | undefined
  readonly title: string | undefined
  readonly faults: readonly RuleFault[]
}

/** What is in a rule file: good documents, bad ones, and every fault in the order of the file. */
export interface ParsedRules {
  readonly documents: readonly SigmaDocument[]
  readonly invalid: readonly InvalidDocument[]
  readonly faults: readonly RuleFault[]
}

export interface ParseOptions {
  /** Values for `%name%` in items with `expand`. */
  readonly placeholders?: Placeholders
}

/**
 * Reads the text of a rule file. A document with a fault is left out and reported; the others are
 * not touched by it. Never throws.
 */
export function parseRules(text: string, file: string, options: ParseOptions = {}): ParsedRules {
  const { source, documents: nodes, faults } = readYaml(text, file)
  const documents: SigmaDocument[] = []
  const invalid: InvalidDocument[] = []
  const all: RuleFault[] = [...faults]
  if (faults.length > 0) {
    const [first] = faults
    invalid.push({ file, line: first?.line ?? 1, id: undefined, title: undefined, faults })
  }
  for (const unfolded of unfold(nodes, () => new Faults(source))) {
    const { map, faults: found } = unfolded
    const document = map && parseDocument(map, found, options.placeholders ?? new Map())
    all.push(...found.list)
    if (map === undefined) continue
    if (document !== undefined && !found.fatal) documents.push(document)
    else invalid.push(invalidDocument(map, found))
  }
  return { documents, invalid, faults: all }
}

function parseDocument(
  map: MapNode,
  faults: Faults,
  placeholders: Placeholders,
): SigmaDocument | undefined {
  if (faults.fatal) return undefined
  const document: Document = {
    source: faults.source,
    offset: map.offset,
    meta: parseMetadata(map, faults),
    extensions: parseExtensions(map, faults),
  }
  const kinds = ['detection', 'correlation', 'filter'].filter(kind => map.entries.has(kind))
  if (kinds.length > 1) {
    return faults.error(map.offset, `a document holds one of ${kinds.join(' and ')}; split it`)
  }
  if (kinds[0] === 'correlation') return parseCorrelation(map, document, faults)
  if (kinds[0] === 'filter') return parseFilter(map, document, faults, placeholders)
  if (kinds[0] === 'detection') return parseDetection(map, document, faults, placeholders)
  return faults.error(map.offset, 'a rule needs `detection`, `correlation` or `filter`')
}

function invalidDocument({ entries, offset }: MapNode, faults: Faults): InvalidDocument {
  const text = (name: string) => {
    const entry = entries.get(name)
    return entry && textOf(entry.value)
  }
  const { file, place } = faults.source
  const { line } = place(offset)
  return { file, line, id: text('id'), title: text('title'), faults: faults.list }
}
