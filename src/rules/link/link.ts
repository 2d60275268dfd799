import { type CorrelationRule, type DetectionRule, type FilterRule } from '../ast.ts'
import { quote } from '../fault.ts'
import { type InvalidDocument, type ParsedRules } from '../parse/document.ts'
import { orderCorrelations } from './correlations.ts'
import { filtersOf } from './filters.ts'
import { LinkFaults, type Names, nameDocuments } from './names.ts'
import { type RuleSet } from './set.ts'

/**
 * Resolves the references of all documents: filters to their rules, correlations to what they
 * correlate. What refers to nothing, to itself in a circle, or bears another's name is refused.
 */
export function linkRules({ documents, invalid, faults }: ParsedRules): RuleSet {
  const problems = new LinkFaults()
  const names = nameDocuments(documents, problems)
  const sound = documents.filter(document => !problems.isFatal(document))
  const detections = sound.filter(document => document.kind === 'detection')
  const filters = sound.filter(document => document.kind === 'filter')
  const correlated = sound.filter(document => document.kind === 'correlation')
  const correlations = orderCorrelations(correlated, names, problems)
  const quiet = new Set(correlations.flatMap(({ rule, targets }) => (rule.generate ? [] : targets)))
  checkFilters(filters, names, problems)
  warnObsolete(documents, names, problems)
  const found = problems.all
  return {
    rules: detections.map(rule => ({
      rule,
      filters: filtersOf(rule, filters),
      alerts: !quiet.has(rule),
    })),
    correlations: correlations.map(one => ({ ...one, alerts: !quiet.has(one.rule) })),
    filters,
    invalid: [
      ...invalid,
      ...found.flatMap(([document, { fatal, list }]) => (fatal ? refused(document, list) : [])),
    ],
    faults: [...faults, ...found.flatMap(([, { list }]) => list)],
  }
}

type Any = DetectionRule | CorrelationRule | FilterRule

function refused({ source, offset, meta }: Any, list: InvalidDocument['faults']): InvalidDocument {
  const { line } = source.place(offset)
  return { file: source.file, line, id: meta.id, title: meta.title, faults: list }
}

function checkFilters(filters: readonly FilterRule[], names: Names<Any>, faults: LinkFaults): void {
  for (const filter of filters) {
    for (const { name, offset } of filter.rules ?? []) {
      const target = names.get(name)
      const text =
        target === undefined
          ? `there is no rule ${quote(name)}; the filter does nothing to it`
          : `${quote(name)} is a ${target.kind}; filters work on detections only`
      if (target?.kind !== 'detection') faults.of(filter).warn(offset, text)
    }
  }
}

/** A rule and the one that replaces it make two alerts of one event. */
function warnObsolete(documents: readonly Any[], names: Names<Any>, faults: LinkFaults): void {
  for (const document of documents) {
    for (const { id, type } of document.meta.related) {
      const older = type === 'obsolete' || type === 'renamed' ? names.get(id) : undefined
      if (older === undefined || older === document) continue
      const text = `replaces ${quote(older.meta.title)} (${id}), which is loaded too; remove one`
      faults.of(document).warn(document.offset, text)
    }
  }
}
