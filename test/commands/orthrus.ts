import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built program as a person would, and waits for its end. */
export function orthrus(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return outcome(join(root, 'bin/orthrus'), args, env)
}

/** Runs any program to its end; stdin is closed. */
export function outcome(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ORTHRUS_DEBUG: '', ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', status => resolve({ status, stdout, stderr }))
  })
}
