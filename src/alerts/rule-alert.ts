import { isoTime } from '../decode/clock.ts'
import { type Finding, type Notice, type Summary } from '../rules/finding.ts'
import { type RuleEvent } from '../rules/slots/context.ts'
import { alertId, type Observer, severities } from './alert.ts'
import { type Fields, joinFields } from './ecs/document.ts'
import { relatedFields } from './related.ts'
import { sensorAlert } from './sensor.ts'
import { threatOf } from './threat.ts'

type Rule = Finding<RuleEvent>['rule']

/** The alert of a rule: the document of the event that completed it, and the facts that convinced it. */
export function ruleAlert(finding: Finding<RuleEvent>, document: Fields): Fields {
  const { rule, level, identity } = finding
  return joinFields(document, relatedFields(document), {
    message: sentence(finding, document),
    tags: ['orthrus', ...rule.meta.tags],
    labels: { level },
    event: { kind: 'alert', id: alertId(ruleId(rule), identity), severity: severities[level] },
    rule: ruleFields(rule),
    threat: threatOf(rule.meta.tags) as Fields | undefined,
    orthrus: {
      baseline: baselineFacts(finding),
      correlation: correlationFacts(finding),
      suppressed: finding.heldBack && heldBackFacts(finding.heldBack),
    },
  })
}

/** What a silence has kept back, when no later alert came to tell of it. */
export function suppressedAlert({ rule, level, key, heldBack }: Summary, observer: Observer) {
  const title = rule.meta.title
  return {
    ...sensorAlert({
      action: 'suppressed-alerts',
      level,
      message: `${title}: ${heldBack.count} more like the last alert were kept back`,
      time: heldBack.last,
      observer,
      facts: { key, ...heldBackFacts(heldBack) },
    }),
    rule: ruleFields(rule),
  }
}

/** What the rule engine has to say about itself. */
export function noticeAlert({ action, rule, message, time }: Notice, observer: Observer) {
  return {
    ...sensorAlert({ action, level: 'medium', message, time, observer }),
    rule: ruleFields(rule),
  }
}

/** The rule's id, else its name, else its title: ids are optional in Sigma. */
function ruleId({ meta }: Rule): string {
  return meta.id ?? meta.name ?? meta.title
}

function ruleFields({ meta }: Rule): Fields {
  return {
    id: ruleId({ meta } as Rule),
    name: meta.title,
    description: meta.description,
    license: meta.license,
    author: meta.author === undefined ? undefined : [meta.author],
    reference: meta.references[0],
    ruleset: 'orthrus',
    ...((meta.modified ?? meta.date) ? { version: meta.modified ?? meta.date } : {}),
  }
}

function baselineFacts({ baseline }: Finding<RuleEvent>): Fields | undefined {
  if (baseline === undefined) return undefined
  const { reason, entity, value, since, entityFirstSeen, valueFirstSeen } = baseline
  return {
    reason,
    entity,
    value,
    since: isoTime(since),
    entity_first_seen: entityFirstSeen === undefined ? undefined : isoTime(entityFirstSeen),
    entity_values: baseline.entityValues,
    value_first_seen: valueFirstSeen === undefined ? undefined : isoTime(valueFirstSeen),
    others: baseline.others,
    entities: baseline.entities,
    nearest: baseline.nearest,
  }
}

function correlationFacts({ correlation }: Finding<RuleEvent>): Fields | undefined {
  if (correlation === undefined) return undefined
  const { group, count, first, last } = correlation
  return {
    group: [...group].map(([name, value]) => `${name}=${value}`),
    count,
    first: isoTime(first),
    last: isoTime(last),
  }
}

function heldBackFacts({ count, first, last }: Summary['heldBack']) {
  return { count, first: isoTime(first), last: isoTime(last) }
}

/** `Title: 10.0.0.5 → 192.0.2.1:443 (example.org)`. */
function sentence({ rule }: Finding<RuleEvent>, document: Fields): string {
  const source = document['source'] as Fields | undefined
  const destination = document['destination'] as Fields | undefined
  if (typeof document['message'] === 'string') return `${rule.meta.title}: ${document['message']}`
  const from = source?.['ip'] ?? source?.['mac']
  const to = destination?.['ip'] ?? destination?.['mac']
  if (from === undefined || to === undefined) return rule.meta.title
  const port = destination?.['port']
  const end = port === undefined ? to : `${String(to).includes(':') ? `[${to}]` : to}:${port}`
  const domain = destination?.['domain']
  return `${rule.meta.title}: ${from} → ${end}${domain === undefined ? '' : ` (${domain})`}`
}
