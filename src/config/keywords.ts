import { networkFault } from './address.ts'
import { parseDuration } from './duration.ts'

// What the schemas of the options use beyond JSON Schema; compiled validators name these.

export const duration = {
  type: 'string',
  validate: (text: string) => parseDuration(text) !== undefined,
} as const

export const network = {
  type: 'string',
  validate: (text: string) => networkFault(text) === undefined,
} as const

/** Whether a duration, if it is one, is `least` or longer. */
export function isAtLeast(least: string, value: string | number): boolean {
  return (parseDuration(value) ?? Number.POSITIVE_INFINITY) >= (parseDuration(least) ?? 0)
}

/** Whether a duration, if it is one, is `most` or shorter. */
export function isAtMost(most: string, value: string | number): boolean {
  return (parseDuration(value) ?? 0) <= (parseDuration(most) ?? 0)
}
