import { type BaselineLimits } from '../../baseline/store.ts'
import { type Level, type Threshold } from '../ast.ts'
import { ExtensionMap } from '../extension.ts'
import { type Faults } from '../fault.ts'
import { type Node } from '../yaml/node.ts'
import { type Normalise, normaliseNames, parseNormalise } from './normalise.ts'

/** `orthrus.baseline` of a rule, checked. Durations in µs. */
export interface BaselineDefinition {
  readonly type: 'new_value' | 'rare_value' | 'new_entity'
  /** Fields as the rule names them: whose habit it is. */
  readonly entity: readonly string[]
  /** Fields whose values, as a tuple in this order, are the habit; none for `new_entity`. */
  readonly value: readonly string[]
  readonly normalise: Normalise
  /** New to this entity, or to everyone at this site. */
  readonly scope: 'host' | 'site' | 'fleet'
  readonly learn: number
  readonly history: { readonly events: number; readonly values: number; readonly days: number }
  readonly forgetAfter: number
  readonly condition: {
    readonly entities: readonly Threshold[]
    readonly ratio: readonly Threshold[]
  }
  readonly onNewEntity: 'learn' | 'alert'
  readonly limits: BaselineLimits
  readonly suppress: number
  /** Level of its alerts, where it is not the rule's. */
  readonly level: Level | undefined
}

const hour = 3_600_000_000
const day = 24 * hour
const name = 'orthrus.baseline'
const levels: readonly Level[] = ['informational', 'low', 'medium', 'high', 'critical']
const known = [
  'version',
  'type',
  'entity',
  'value',
  'normalise',
  'scope',
  'learn',
  'min-history',
  'forget-after',
  'condition',
  'on-new-entity',
  'limits',
  'suppress',
  'level',
]
const mostFields = 4

/** Reads the attribute; undefined with faults. */
export function parseBaseline(node: Node, faults: Faults): BaselineDefinition | undefined {
  const before = faults.list.length
  const read = ExtensionMap.open(node, name, known, faults)
  if (read === undefined) return undefined
  const type = read.word('type', ['new_value', 'rare_value', 'new_entity'] as const)
  if (read.entry('type') === undefined) {
    read.complain('type', `\`${name}\` needs a \`type\`: new_value, rare_value or new_entity`)
  }
  const version = read.count('version', 1) ?? 1
  if (version !== 1) read.complain('version', `\`version\` ${version} is not known; write 1`)
  const fields = fieldsOf(read, type)
  const normalise = parseNormalise(read.text('normalise', 64) ?? 'none')
  if (normalise === undefined) read.complain('normalise', `\`normalise\` is ${normaliseNames}`)
  const rest = optionsOf(read)
  if (type === 'rare_value' && rest.condition.entities.length + rest.condition.ratio.length === 0) {
    read.complain('condition', '`rare_value` needs a `condition` such as `{entities: {lte: 2}}`')
  }
  if (type === undefined || normalise === undefined || faults.list.length > before) return undefined
  return { type, normalise, ...fields, ...rest }
}

function fieldsOf(read: ExtensionMap, type: BaselineDefinition['type'] | undefined) {
  const entity = read.texts('entity')
  const value = read.texts('value')
  if (entity.length === 0)
    read.complain('entity', `\`${name}\` needs an \`entity\`: fields of whose habit it is`)
  if (type !== 'new_entity' && value.length === 0) {
    read.complain('value', `\`${name}\` needs a \`value\`: one to ${mostFields} fields`)
  }
  for (const [key, list] of Object.entries({ entity, value })) {
    if (list.length > mostFields) read.complain(key, `\`${key}\` has at most ${mostFields} fields`)
  }
  return { entity, value }
}

function optionsOf(read: ExtensionMap) {
  const history = read.inner('min-history', ['events', 'values', 'active-days'])
  const condition = read.inner('condition', ['entities', 'ratio'])
  return {
    scope: read.word('scope', ['host', 'site', 'fleet'] as const) ?? 'host',
    learn: read.duration('learn') ?? 7 * day,
    history: {
      events: history?.count('events', 0) ?? 0,
      values: history?.count('values', 0) ?? 0,
      days: history?.count('active-days', 0) ?? 0,
    },
    forgetAfter: read.duration('forget-after') ?? 30 * day,
    condition: {
      entities: condition?.thresholds('entities') ?? [],
      ratio: condition?.thresholds('ratio') ?? [],
    },
    onNewEntity: read.word('on-new-entity', ['learn', 'alert'] as const) ?? 'learn',
    limits: limitsOf(read),
    suppress: read.duration('suppress') ?? hour,
    level: read.word('level', levels),
  }
}

function limitsOf(read: ExtensionMap): BaselineLimits {
  const limits = read.inner('limits', ['entities', 'values-per-entity', 'overflow'])
  return {
    entities: limits?.count('entities', 1) ?? 50_000,
    valuesPerEntity: limits?.count('values-per-entity', 1) ?? 4096,
    overflow: limits?.word('overflow', ['freeze', 'evict-oldest'] as const) ?? 'freeze',
  }
}
