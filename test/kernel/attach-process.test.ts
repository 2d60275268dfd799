import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tcxPrograms } from '../../src/capture/attach.ts'
import { listInterfaces } from '../../src/capture/interfaces.ts'
import { compileSource } from '../capture/support/compiled.ts'
import { sendFrames } from '../capture/support/frame.ts'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { capture } from '../capture/support/options.ts'
import { isRoot } from '../capture/support/root.ts'
import { compileTiny } from '../capture/support/tiny.ts'

const script = fileURLToPath(new URL('../capture/support/live-child.mjs', import.meta.url))
const needed = '+net_admin,+perfmon,+bpf'

describe.skipIf(!isRoot)('a live source in its own process', () => {
  let object: string
  let compiled: string
  let space: Namespace

  beforeAll(() => {
    object = compileTiny()
    compiled = compileSource()
  })

  afterAll(() => rmSync(compiled, { recursive: true, force: true }))

  beforeEach(() => {
    space = makeNamespace()
    // Neighbour discovery would add packets of its own, on another CPU with its own numbers.
    space.run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1')
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    space.ip('link', 'set', 'b0', 'up')
    space.ip('link', 'set', 'b1', 'up')
    return () => space[Symbol.dispose]()
  })

  test('kill -9 leaves nothing attached with TCX', async () => {
    const child = start([], { attach: 'tcx' })
    await child.says(line => line.includes('"attached"'))
    expect(programs()).toBe(2)
    child.process.kill('SIGKILL')
    await once(child.process, 'exit')
    expect(programs()).toBe(0)
  })

  test('with clsact the next start replaces what kill -9 left, and leaves nothing itself', async () => {
    const killed = start([], { attach: 'clsact' })
    await killed.says(line => line.includes('"attached"'))
    killed.process.kill('SIGKILL')
    await once(killed.process, 'exit')
    expect(filters()).toHaveLength(1)
    const before = filters()
    const next = start([], { attach: 'clsact' })
    await next.says(line => line.includes('"attached"'))
    expect(filters()).toHaveLength(1)
    expect(filters()).not.toEqual(before)
    expect(await next.end()).toMatchObject({ code: 0 })
    expect(filters()).toEqual([])
  })

  test.each(['tcx', 'clsact'] as const)(
    'runs as nobody with only CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF, by %s',
    async attach => {
      const caps = ['--inh-caps', `-all,${needed}`, '--ambient-caps', `-all,${needed}`]
      const user = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']
      const child = start(['setpriv', ...user, ...caps, '--bounding-set', `-all,${needed}`], {
        attach,
      })
      await child.says(line => line === `{"attached":"b0","mode":"${attach}"}`)
      space.inside(() => sendFrames('b1', 5))
      await child.says(line => line === '"record"')
      const { code, lines } = await child.end()
      expect(code).toBe(0)
      expect(lines.at(-1)).toMatch(/"done"/)
      expect(programs()).toBe(0)
      expect(filters()).toEqual([])
    },
  )

  test('as nobody without capabilities says what is needed, exit 1, no stack trace', async () => {
    const user = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']
    const child = start(['setpriv', ...user, '--bounding-set', '-all'], {})
    const [code] = (await once(child.process, 'close')) as [number]
    expect(code).toBe(1)
    expect(child.lines).toHaveLength(1)
    expect(JSON.parse(child.lines[0] ?? '')).toMatchObject({
      error: 'PRIVILEGES_MISSING',
      message: expect.stringMatching(
        /^live capture needs CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF: run as root/,
      ),
    })
  })

  test('SIGTERM ends it at once, drained and detached', async () => {
    const child = start([], {})
    await child.says(line => line.includes('"attached"'))
    space.inside(() => sendFrames('b1', 100))
    const { code, lines } = await child.end()
    expect(code).toBe(0)
    const { done } = JSON.parse(lines.at(-1) ?? '{}')
    expect(done.kernel.packets).toBeGreaterThanOrEqual(100)
    expect(done.records).toBe(done.kernel.packets - Math.floor((done.kernel.packets + 3) / 7))
    expect(programs()).toBe(0)
  })

  function start(prefix: readonly string[], options: Parameters<typeof capture>[0]): Child {
    const json = JSON.stringify(capture({ interfaces: ['b0'], ...options }))
    const words = [...prefix, process.execPath, script, compiled, object, json]
    return new Child(spawn('ip', ['netns', 'exec', space.name, ...words], { stdio: 'pipe' }))
  }

  function programs(): number {
    return space.inside(() => {
      const index = listInterfaces().find(({ name }) => name === 'b0')?.index ?? 0
      const sides = ['ingress', 'egress'] as const
      return sides.reduce((sum, side) => sum + (tcxPrograms(index, side)?.length ?? 0), 0)
    })
  }

  function filters(): string[] {
    const shown = space.run('tc', 'filter', 'show', 'dev', 'b0', 'ingress')
    return shown.match(/orthrus_\S*:\[\d+\]/g) ?? []
  }
})

class Child {
  readonly process: ChildProcess
  readonly lines: string[] = []
  #changed = () => {}

  constructor(process: ChildProcess) {
    this.process = process
    for (const stream of [process.stdout, process.stderr]) {
      if (stream === null) continue
      createInterface(stream).on('line', line => {
        this.lines.push(line)
        this.#changed()
      })
    }
    process.on('close', () => this.#changed())
  }

  /** Waits for a line. */
  async says(test: (line: string) => boolean): Promise<void> {
    while (!this.lines.some(test)) {
      if (this.process.exitCode !== null) throw new Error(`it ended:\n${this.lines.join('\n')}`)
      await new Promise<void>(resolve => {
        this.#changed = resolve
      })
    }
  }

  async end(): Promise<{ code: number; lines: string[] }> {
    const closed = once(this.process, 'close')
    this.process.kill('SIGTERM')
    const [code] = (await closed) as [number]
    return { code, lines: this.lines }
  }
}
