import { existsSync } from 'node:fs'
import { installed } from '../installation.ts'

/** The rules we ship. */
const shippedRules = installed('rules')

/** The files and folders of rules that a configuration asks for, ours first. */
export function configuredRules({
  shipped,
  paths,
}: {
  readonly shipped: boolean
  readonly paths: readonly string[]
}): readonly string[] {
  return [...(shipped && existsSync(shippedRules) ? [shippedRules] : []), ...paths]
}
