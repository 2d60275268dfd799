import { EcsFlat } from '@elastic/ecs'
import { fieldsOf } from '../../src/rules/mapping/catalogue.ts'
import { kinds } from '../../src/rules/mapping/kind.ts'

type Mapping = { [name: string]: unknown }

/** What only alerts have, besides the fields of the event that completed them. */
const alertFields = `message tags event.id event.sequence event.severity event.ingested error.message
rule.id rule.name rule.category rule.description rule.version rule.ruleset rule.reference rule.author
rule.license rule.uuid threat.framework threat.tactic.id threat.tactic.name threat.tactic.reference
threat.technique.id threat.technique.name threat.technique.reference threat.technique.subtechnique.id
threat.technique.subtechnique.name threat.technique.subtechnique.reference source.address
destination.address observer.serial_number device.id device.manufacturer observer.ingress.vlan.id host.id host.name related.user related.hash`

/** Numbers of ours that are long, and dates; all else under `orthrus` is a keyword or as it comes. */
const ours: Readonly<Record<string, Mapping>> = {
  'orthrus.baseline.since': { type: 'date' },
  'orthrus.baseline.observed_seconds': { type: 'long' },
  'orthrus.device.first_seen': { type: 'date' },
  'orthrus.device.randomised_mac': { type: 'boolean' },
  'orthrus.device.evidence': { type: 'keyword', ignore_above: 1024 },
  'orthrus.device.identity.score': { type: 'float' },
  'orthrus.device.previous.last_seen': { type: 'date' },
  'orthrus.device.silence_seconds': { type: 'long' },
}

/** Names of both Elasticsearch 8 and OpenSearch 2 for what ECS calls it. */
const portable: Readonly<Record<string, Mapping>> = {
  match_only_text: { type: 'text' },
  wildcard: { type: 'keyword', ignore_above: 1024 },
  constant_keyword: { type: 'keyword', ignore_above: 1024 },
  keyword: { type: 'keyword', ignore_above: 1024 },
  flattened: { type: 'object' },
  nested: { type: 'object' },
  scaled_float: { type: 'float' },
}

/** An index template for the documents that leave: the types of ECS 9.4 for the fields they have. */
export function indexTemplate(): Mapping {
  const names = new Set([
    ...kinds.flatMap(kind => fieldsOf(kind)),
    ...alertFields.split(/\s+/),
    ...Object.keys(ours),
  ])
  const root: Mapping = {}
  for (const name of [...names].sort()) put(root, name.split('.'), mappingOf(name))
  put(root, ['labels'], { type: 'object', dynamic: true })
  return {
    index_patterns: ['orthrus-alerts*'],
    priority: 200,
    template: {
      settings: { 'index.mapping.total_fields.limit': 2000 },
      mappings: {
        // What a network can put into names must not become fields without end.
        dynamic: false,
        date_detection: false,
        // One each: OpenSearch knows no list of paths.
        dynamic_templates: ['orthrus', 'labels'].map(name => ({
          [`${name}_texts`]: {
            path_match: `${name}.*`,
            match_mapping_type: 'string',
            mapping: { type: 'keyword', ignore_above: 1024 },
          },
        })),
        properties: root,
      },
    },
    _meta: { description: 'Alerts of Orthrus, ECS 9.4', managed_by: 'orthrus' },
  }
}

function mappingOf(name: string): Mapping | undefined {
  if (name.startsWith('orthrus.')) return ours[name]
  const field = (EcsFlat as Readonly<Record<string, { type: string }>>)[name]
  if (field === undefined) throw new Error(`${name} is no field of ECS`)
  return portable[field.type] ?? { type: field.type }
}

/** A field that has no type of its own only makes its parents. */
function put(
  properties: Mapping,
  [first = '', ...rest]: readonly string[],
  mapping?: Mapping,
): void {
  if (first === 'orthrus') {
    properties['orthrus'] ??= { type: 'object', dynamic: true, properties: {} }
  }
  if (rest.length === 0) {
    if (mapping !== undefined) properties[first] = { ...(properties[first] as Mapping), ...mapping }
    return
  }
  if (mapping === undefined) return
  properties[first] ??= { properties: {} }
  const inner = properties[first] as { properties?: Mapping }
  inner.properties ??= {}
  put(inner.properties, rest, mapping)
}
