import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'

/** Whether a program can be started here; says loudly when not. */
export function hasProgram(name: string): boolean {
  const folders = `${process.env['PATH']}:/usr/sbin:/sbin`.split(':')
  const found = folders.some(folder => existsSync(`${folder}/${name}`))
  if (!found) process.stderr.write(`\n*** ${name} is not installed: its tests are SKIPPED ***\n\n`)
  return found
}

/** A program that ends with the test at the latest. */
export function startProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcess & { readonly said: () => string } {
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`
  const child = spawn(program, args, { env: { ...process.env, PATH: path, ...env } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said += data.toString()
    })
  }
  onTestFinished(() => void child.kill('SIGKILL'))
  return Object.assign(child, { said: () => said })
}

/** A TCP port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Whole lines of a file; none when there is no file. */
export function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

export async function until(done: () => boolean, what: () => string, ms = 30_000): Promise<void> {
  const end = Date.now() + ms
  while (!done()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
