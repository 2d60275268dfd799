import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type Environment,
  type EnvironmentOptions,
  openEnvironment,
} from '../../src/storage/environment.ts'

/** A directory of the test's own, gone after it. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A real environment, closed after the test. */
export async function openTemporary(
  directory: string = temporaryDirectory(),
  options: Partial<EnvironmentOptions> = {},
): Promise<Environment> {
  const environment = await openEnvironment({ directory, ...options })
  onTestFinished(() => environment.close())
  return environment
}
