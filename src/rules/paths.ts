import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The rules we ship, seen from src/ and from dist/ alike. */
const shippedRules = fileURLToPath(new URL('../../rules', import.meta.url))

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
