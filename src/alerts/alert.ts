import { createHash } from 'node:crypto'
import { isoTime } from '../decode/clock.ts'

/** How bad, in the words of Sigma; least first. */
export const levels = ['informational', 'low', 'medium', 'high', 'critical'] as const
export type Level = (typeof levels)[number]

/** `event.severity` of a level, on the scale that Elastic's own rules use. */
export const severities = {
  informational: 0,
  low: 21,
  medium: 47,
  high: 73,
  critical: 99,
} as const satisfies Record<Level, number>

export const ecsVersion = '9.4.0'

/** A rule as its alerts name it. */
export interface AlertRule {
  /** A UUID; never changes. */
  readonly id: string
  readonly name: string
  readonly level: Level
  readonly category: string
  readonly description: string
  readonly version: string
}

/** The sensor as its documents name it. */
export interface Observer {
  readonly name: string
  readonly hostname: string
  readonly version: string
  /** Tells it from every other sensor, whatever they are called. */
  readonly id?: string
}

export interface AlertFacts {
  readonly rule: AlertRule
  readonly observer: Observer
  /** µs since the Unix epoch: when the packet that completed the finding was seen. */
  readonly time: number
  /** Words that tell this finding from all others of the rule, the same in every replay. */
  readonly identity: readonly (string | number)[]
  /** One sentence for a person. */
  readonly message: string
  readonly action: string
  readonly dataset: string
  readonly interface?: string
  readonly vlan?: number
}

/** A JSON object as Elasticsearch takes it. */
export type Document = { readonly [name: string]: unknown }

/** What every alert has, as an ECS document: the rule, the observer, and the event about both. */
export function alertDocument(facts: AlertFacts) {
  const { rule, time, action, dataset, message } = facts
  const { level, ...ruleFields } = rule
  return {
    '@timestamp': isoTime(time),
    ecs: { version: ecsVersion },
    message,
    tags: ['orthrus'],
    labels: { level },
    event: {
      kind: 'alert',
      id: alertId(rule.id, facts.identity),
      module: 'orthrus',
      dataset,
      action,
      category: ['network'],
      type: ['info'],
      severity: severities[level],
    },
    rule: { ...ruleFields, ruleset: 'orthrus' },
    observer: { ...observerFields(facts.observer), ...ingress(facts) },
  }
}

/** `observer.*` of every document of this sensor. */
export function observerFields({ name, hostname, version, id }: Observer) {
  // ECS has no other field for what identifies an observer.
  const serial = id === undefined ? {} : { serial_number: id }
  return {
    type: 'sensor',
    vendor: 'Orthrus',
    product: 'Orthrus',
    name,
    hostname,
    version,
    ...serial,
  }
}

/** `event.id`: the same rule and finding give the same id, whoever sends it and how often. */
export function alertId(rule: string, identity: readonly (string | number)[]): string {
  const text = JSON.stringify([rule, ...identity])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

function ingress({ interface: name, vlan }: AlertFacts) {
  if (name === undefined || name === '') return {}
  const tag = vlan === undefined || vlan === 0 ? {} : { vlan: { id: String(vlan) } }
  return { ingress: { interface: { name }, ...tag } }
}
