import { createHash } from 'node:crypto'
import { type CorrelationRule, type DetectionRule } from './ast.ts'
import { type LinkedCorrelation, type LinkedRule } from './link/set.ts'
import { type Node, plain } from './yaml/node.ts'

type AnyRule = DetectionRule | CorrelationRule

/** What a rule is known by when its text changes. */
export function ruleKey({ meta }: AnyRule): string {
  return meta.id ?? meta.name ?? meta.title
}

/** The same for rules that say the same, wherever they stand. */
export function ruleHash({ rule, filters }: LinkedRule): string {
  const { extensions, ...rest } = rule
  return hash([rest, extensionsOf(extensions), filters])
}

/** Of a correlation and all that it refers to: `hashOf` gives theirs. */
export function correlationHash(
  { rule, targets }: LinkedCorrelation,
  hashOf: (rule: AnyRule) => string,
): string {
  const { extensions, ...rest } = rule
  return hash([rest, extensionsOf(extensions), targets.map(hashOf)])
}

/** Of what a baseline observes: anything else may change without learning anew. */
export function baselineHash(
  { rule, filters }: LinkedRule,
  entity: readonly string[],
  value: readonly string[],
  normalise: string,
): string {
  const { logsource, conditions, meta } = rule
  const added = filters.map(filter => filter.condition)
  return hash([entity, value, normalise, meta.taxonomy, logsource, conditions, added])
}

/** Tests do not change what a rule does. */
function extensionsOf(extensions: ReadonlyMap<string, Node>): unknown {
  return Array.from(extensions, ([name, node]) => [name, name === 'tests' ? '' : plain(node)])
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, plainly)).digest('hex').slice(0, 32)
}

/** Without places; maps as lists. */
function plainly(key: string, value: unknown): unknown {
  if (key === 'offset' || key === 'source' || key === 'text') return undefined
  return value instanceof Map ? [...value] : value
}
