import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * src/ as JavaScript for child processes (Node 20 runs no TypeScript), below build/ so that packages
 * are found; returns the folder.
 */
export function compileSource(): string {
  const folder = `${root}build/test-${process.pid}`
  const flags = ['--noCheck', '--noEmitOnError', 'false', '--outDir', folder]
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', ...flags], { cwd: root, stdio: 'pipe' })
  return folder
}
