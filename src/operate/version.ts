import { readFileSync } from 'node:fs'

/** The version in package.json, of the checkout or the installed package. */
export function version(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(file) as { version: unknown }).version)
}
