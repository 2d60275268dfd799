import { valueText } from '../evaluate/values.ts'
import { type FieldValue } from '../fields.ts'

/** What a correlation looks at: an event, or what another correlation found. */
export interface Subject {
  /** A field as a rule of that taxonomy names it; undefined where it is absent. */
  value(field: string, taxonomy: string): FieldValue
}

/** The text by which values are told apart; undefined for what has none. */
export function keyText(value: FieldValue): string | undefined {
  if (!Array.isArray(value)) return valueText(value)
  const members = (value as readonly FieldValue[]).map(keyText)
  const [only] = members
  if (members.length <= 1) return only
  return members.includes(undefined) ? undefined : JSON.stringify(members)
}

/** Texts as one key; undefined when one is missing. */
export function keyOf(texts: readonly (string | undefined)[]): string | undefined {
  return texts.includes(undefined) ? undefined : JSON.stringify(texts)
}
