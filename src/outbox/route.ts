import { type Document, type Level, levels } from '../alerts/alert.ts'
import { field } from './entry.ts'
import { type Alert } from './queued.ts'

/** Which alerts a sink wants; what is left out does not restrict. */
export interface When {
  /** Lowest level. */
  readonly level?: Level
  /** Ids or names of rules. */
  readonly rules?: readonly string[]
  /** At least one of these tags. */
  readonly tags?: readonly string[]
  /** What a condition says of the document. */
  readonly test?: ((document: Document) => boolean) | undefined
}

/** Whether an alert is for a sink: it is not another's dead letter, and the sink wants it. */
export function isFor(
  { name, when }: { readonly name: string; readonly when?: When | undefined },
  alert: Alert,
): boolean {
  return (alert.only === undefined || alert.only === name) && wants(when, alert)
}

/** Whether a sink wants an alert. What the sensor says about itself is only held back by its level. */
function wants(when: When | undefined, alert: Alert): boolean {
  if (when === undefined) return true
  const { level = 'informational', rules = [], tags = [], test } = when
  if (levels.indexOf(alert.level) < levels.indexOf(level)) return false
  if (field(alert.document, 'event', 'kind') === 'pipeline_error') return true
  return ofRule(rules, alert) && tagged(tags, alert) && (test?.(alert.document) ?? true)
}

function ofRule(rules: readonly string[], { document }: Alert): boolean {
  if (rules.length === 0) return true
  const names = [field(document, 'rule', 'id'), field(document, 'rule', 'name')]
  return names.some(name => name !== undefined && rules.includes(name))
}

function tagged(tags: readonly string[], { document }: Alert): boolean {
  const own = document['tags']
  return tags.length === 0 || (Array.isArray(own) && own.some(tag => tags.includes(String(tag))))
}
