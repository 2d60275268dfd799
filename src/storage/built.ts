import { existsSync } from 'node:fs'
import { SensorError } from '../errors.ts'
import { installed } from '../installation.ts'

/**
 * Path of a file of this folder that runs in a thread or process of its own. Tests run the sources
 * but Node cannot, so it is always the built one. Throws NOT_BUILT.
 */
export function builtFile(name: 'writer' | 'verify'): string {
  const path = installed(`dist/bundle/${name}.js`)
  if (!existsSync(path)) throw new SensorError('NOT_BUILT', `\`${path}\` is missing; run \`make\``)
  return path
}
