import { type Kind } from './kind.ts'

/** What a field of another taxonomy is here. */
export interface FieldMapping {
  /** Our fields: the value may stand in any of them. */
  readonly to: readonly string[]
  /** Where a kind of event has it elsewhere. */
  readonly of?: Readonly<Partial<Record<Kind, readonly string[]>>>
  /** Values that are written differently here, by their lower case. */
  readonly values?: Readonly<Record<string, ValueMapping>>
  /** What a number there is multiplied with. */
  readonly factor?: number
}

/** Any of these values, or none of them. */
export type ValueMapping = { readonly is: readonly string[] } | { readonly not: readonly string[] }

/** true and false for whether the field has one of these values. */
export function flagOf(field: string, ...values: readonly string[]): FieldMapping {
  return { to: [field], values: { true: { is: values }, false: { not: values } } }
}

export function to(...fields: readonly string[]): FieldMapping {
  return { to: fields }
}
