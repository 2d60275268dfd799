import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hasProgram, startProgram, until } from '../sinks/support/process.ts'
import { temporaryDirectory } from '../storage/open.ts'

const execute = promisify(execFile)
const child = fileURLToPath(new URL('acceptor.mjs', import.meta.url))
const dist = fileURLToPath(new URL('../../dist', import.meta.url))

export const hasStrace = hasProgram('strace')

export interface Said {
  readonly id?: string
  readonly ms?: number
  readonly health?: string
  /** What `/readyz` and `/livez` answer then. */
  readonly ready?: number
  readonly live?: number
}

export interface Traced {
  readonly directory: string
  /** What `acceptor.mjs` said, in order. */
  readonly said: readonly Said[]
  /** Lines of strace. */
  readonly trace: readonly string[]
}

/** Runs `acceptor.mjs` for `count` alerts, at most `wait` ms, under strace with these words. */
export async function acceptTraced(
  words: readonly string[],
  { count, wait = 30_000 }: { readonly count: number; readonly wait?: number },
): Promise<Traced> {
  const folder = temporaryDirectory()
  const [directory, trace] = [join(folder, 'state'), join(folder, 'trace')]
  const program = [process.execPath, child, directory, dist, String(count), String(wait)]
  const options = { maxBuffer: 1 << 26 }
  const { stdout } = await execute('strace', ['-f', '-o', trace, ...words, ...program], options)
  const said = stdout.split('\n').filter(Boolean)
  return {
    directory,
    said: said.map(line => JSON.parse(line) as Said),
    trace: readFileSync(trace, 'latin1').split('\n'),
  }
}

/** Runs `acceptor.mjs` until it is told to end; `said` grows. */
export function startAcceptor() {
  const directory = join(temporaryDirectory(), 'state')
  const process_ = startProgram(process.execPath, [child, directory, dist, '1000000', '600000'])
  const said = () => {
    const lines = process_.said().split('\n').slice(0, -1)
    return lines.map(line => JSON.parse(line) as Said)
  }
  return {
    directory,
    pid: process_.pid ?? 0,
    get said() {
      return said()
    },
    until: (done: () => boolean) => until(done, () => JSON.stringify(said().slice(-5))),
    async end(): Promise<void> {
      const over = once(process_, 'close')
      process_.kill('SIGKILL')
      await over
    },
  }
}
