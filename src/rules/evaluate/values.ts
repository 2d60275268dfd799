import { type FieldValue } from '../fields.ts'

/** The text of a value that has one; numbers and booleans as JavaScript writes them. */
export function valueText(value: FieldValue): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return undefined
  }
}

const numberText = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/** The number of a value: a number, or a text that is one. NaN for all else. */
export function valueNumber(value: FieldValue): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !numberText.test(value)) return Number.NaN
  return Number(value)
}

/** Whether the value, or for a list any member, passes. */
export function anyValue(value: FieldValue, test: (value: FieldValue) => boolean): boolean {
  if (!Array.isArray(value)) return test(value)
  for (const member of value as readonly FieldValue[]) if (anyValue(member, test)) return true
  return false
}

/** Whether there is no value: absent, null, or a list of nothing else. */
export function isNull(value: FieldValue): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) && value.every(isNull)
}
