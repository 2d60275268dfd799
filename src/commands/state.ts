import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SensorError } from '../errors.ts'
import { type Environment, openEnvironment } from '../storage/environment.ts'

/**
 * Works with the memory of a sensor that does not run. Throws STATE_UNUSABLE where there is none,
 * STATE_LOCKED while a sensor has it.
 */
export async function withEnvironment(
  directory: string,
  work: (environment: Environment) => Promise<void>,
): Promise<void> {
  if (!existsSync(join(directory, 'memory'))) {
    throw new SensorError(
      'STATE_UNUSABLE',
      `\`${directory}\` holds no memory of a sensor; name it with \`--state\` or \`-c\``,
    )
  }
  const environment = await openEnvironment({ directory })
  try {
    await work(environment)
  } finally {
    await environment.close()
  }
}
