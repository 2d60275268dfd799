import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { imbalance, keeper, open, until } from './harness.ts'

const rounds = Number(process.env['FAULT_ROUNDS'] ?? 4)
const child = fileURLToPath(new URL('crash.mjs', import.meta.url))
const dist = fileURLToPath(new URL('../../dist', import.meta.url))

/** Runs the child until it is killed after `ms`; gives the ids that it was told are on the disk. */
function killed(args: readonly string[], ms: number): Promise<string[]> {
  return new Promise(resolve => {
    const process_ = spawn(process.execPath, [child, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    process_.stdout.once('data', () => setTimeout(() => process_.kill('SIGKILL'), ms))
    process_.stdout.on('data', chunk => {
      out += chunk
    })
    // The last line may be torn.
    process_.on('close', () => resolve(out.split('\n').slice(0, -1)))
  })
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

test(
  `kill -9, ${rounds} rounds: every accepted alert arrives at each sink, in order within its key`,
  async () => {
    const folder = temporaryDirectory()
    const [state, received] = [join(folder, 'state'), join(folder, 'received')]
    const accepted: string[] = []
    for (let round = 0; round < rounds; round++) {
      accepted.push(...(await killed([state, dist, received, `r${round}`], 150 + 100 * round)))
    }
    const environment = await openTemporary(state)
    const rest = { one: keeper(), two: keeper() }
    const outbox = await open(environment, rest)
    await until(() => Object.values(outbox.status.sinks).every(sink => sink.pending === 0))
    await outbox.close(5000)
    expect(imbalance(outbox)).toEqual([])
    expect(accepted.length).toBeGreaterThan(rounds * 20)
    for (const name of ['one', 'two'] as const) {
      const got = [...lines(`${received}.${name}`), ...rest[name].ids]
      const distinct = new Set(got)
      expect(accepted.filter(id => !distinct.has(id))).toEqual([])
      // More than was told may have reached the disk, but nothing else than what was sent.
      expect(got.every(id => /^r\d+-\d+$/.test(id))).toBe(true)
      const { delivered, accepted: all } = outbox.status.sinks[name] ?? {}
      expect(delivered).toBe(all)
      expect(distinct.size).toBe(all)
    }
  },
  30_000 + rounds * 10_000,
)
