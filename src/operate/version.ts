import { readFileSync } from 'node:fs'
import { installed } from '../installation.ts'

/** The version in package.json, of the checkout or the installed package. */
export function version(): string {
  const file = readFileSync(installed('package.json'), 'utf8')
  return String((JSON.parse(file) as { version: unknown }).version)
}
