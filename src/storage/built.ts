import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SensorError } from '../errors.ts'

/**
 * Path of a file of this folder that runs in a thread or process of its own. Tests run the sources
 * but Node cannot, so from src/ it is the built one in dist/. Throws NOT_BUILT.
 */
export function builtFile(name: 'writer' | 'verify'): string {
  const folder = import.meta.url.endsWith('.ts') ? '../../dist/storage/' : './'
  const path = fileURLToPath(new URL(`${folder}${name}.js`, import.meta.url))
  if (!existsSync(path)) throw new SensorError('NOT_BUILT', `\`${path}\` is missing; run \`make\``)
  return path
}
