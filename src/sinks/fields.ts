import { type Level, levels } from '../alerts/alert.ts'

/** The value at a path of a document. Own properties only: a path may come from a configuration. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/** The text at a path; undefined when there is none. */
export function textAt(document: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(document, path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** How bad an alert is; `medium` when it does not say. */
export function levelOf(document: unknown): Level {
  return levels.find(level => level === textAt(document, 'labels', 'level')) ?? 'medium'
}
