import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'

const CLONE_NEWNET = 0x40000000
const setns = koffi.load(null).func('int setns(int fd, int type)') as (
  fd: number,
  type: number,
) => number

let serial = 0

export interface Namespace {
  readonly name: string
  /** Runs a command inside, for example `ip('link', 'add', …)`. */
  run(command: string, ...args: string[]): string
  ip(...args: string[]): string
  /** Takes this thread inside for as long as the call lasts; only synchronous work counts. */
  inside<T>(work: () => T): T
  /** Takes this thread inside until the returned function is called. */
  enter(): () => void
  [Symbol.dispose](): void
}

/** A network namespace of its own with loopback up; deleted with everything in it at scope's end. */
export function makeNamespace(prefix = 'Bns'): Namespace {
  const name = `${prefix}-${process.pid}-${++serial}`
  execFileSync('ip', ['netns', 'add', name])
  const run = (command: string, ...args: string[]) =>
    execFileSync('ip', ['netns', 'exec', name, command, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  run('ip', 'link', 'set', 'lo', 'up')
  return {
    name,
    run,
    ip: (...args) => run('ip', ...args),
    enter: () => enter(name),
    inside(work) {
      const leave = enter(name)
      try {
        return work()
      } finally {
        leave()
      }
    },
    [Symbol.dispose]: () => void execFileSync('ip', ['netns', 'delete', name]),
  }
}

function enter(name: string): () => void {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const there = openSync(`/run/netns/${name}`, 'r')
  const entered = setns(there, CLONE_NEWNET)
  closeSync(there)
  if (entered !== 0) throw new Error(`cannot enter ${name}`)
  return () => {
    setns(home, CLONE_NEWNET)
    closeSync(home)
  }
}
