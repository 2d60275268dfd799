import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tcxPrograms } from '../../src/capture/attach.ts'
import { listInterfaces } from '../../src/capture/interfaces.ts'
import { type LiveSource, openLive } from '../../src/capture/live.ts'
import { type CaptureOptions } from '../../src/capture/options.ts'
import { type RecordHandler } from '../../src/capture/source.ts'
import { sendFrames } from '../capture/support/frame.ts'
import { makeNamespace, type Namespace } from '../capture/support/namespace.ts'
import { capture } from '../capture/support/options.ts'
import { isRoot } from '../capture/support/root.ts'
import { compileTiny } from '../capture/support/tiny.ts'
import { openTun } from '../capture/support/tun.ts'

describe.skipIf(!isRoot)('live source', () => {
  let object: string
  let space: Namespace
  let leave: () => void

  beforeAll(() => {
    object = compileTiny()
  })

  beforeEach(() => {
    space = makeNamespace()
    // Neighbour discovery would add packets of its own, on another CPU with its own numbers.
    space.run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1')
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    space.ip('link', 'set', 'b0', 'up')
    space.ip('link', 'set', 'b1', 'up')
    leave = space.enter()
    return () => {
      leave()
      space[Symbol.dispose]()
    }
  })

  test('delivers every packet of the interface, in order, and detaches at the end', async () => {
    await using live = start({ interfaces: ['b0'] })
    await until(() => live.news.includes('+b0 tcx'))
    sendFrames('b1', 50)
    await until(() => live.numbers.length >= 20)
    await live.stop()
    const { kernel, records, ringBacklog } = live.source.counters()
    expect(kernel.packets).toBeGreaterThanOrEqual(50)
    expect(records).toBe(live.numbers.length)
    expect(records).toBe(kernel.packets - Math.floor((kernel.packets + 3) / 7))
    expect(ringBacklog).toBe(0)
    expect(live.numbers).toEqual([...live.numbers].sort((a, b) => a - b))
    expect(live.news.at(-1)).toBe('-b0')
    expect(programs('b0')).toBe(0)
  })

  test('follows interfaces that come, go, come again and are renamed', async () => {
    await using live = start({ interfaces: ['b0', 'late*'] })
    await until(() => live.news.includes('+b0 tcx'))
    space.ip('tuntap', 'add', 'dev', 'late0', 'mode', 'tap')
    await until(() => live.news.includes('+late0 tcx'))
    expect(programs('late0')).toBe(2)
    space.ip('link', 'set', 'late0', 'name', 'other0')
    await until(() => live.news.includes('-late0'))
    expect(programs('other0')).toBe(0)
    space.ip('link', 'set', 'other0', 'name', 'late1')
    await until(() => live.news.includes('+late1 tcx'))
    space.ip('link', 'delete', 'b0')
    await until(() => live.news.includes('-b0'))
    space.ip('link', 'add', 'b0', 'type', 'veth', 'peer', 'name', 'b1')
    await until(() => live.news.filter(one => one === '+b0 tcx').length === 2)
    expect(live.source.interfaces.map(({ name }) => name).sort()).toEqual(['b0', 'late1'])
    expect(programs('b0')).toBe(2)
  })

  test('takes the IP programs for devices without Ethernet header', async () => {
    space.ip('tuntap', 'add', 'dev', 'tun7', 'mode', 'tun')
    await using live = start({ interfaces: ['tun7'] })
    await until(() => live.news.includes('+tun7 tcx'))
    expect(live.source.interfaces[0]).toMatchObject({ link: 'l3', type: 65534 })
  })

  test('counts and reports both kinds of device in the same maps', async () => {
    await using live = start({ interfaces: ['b0', 'tun*'] })
    await until(() => live.news.includes('+b0 tcx'))
    using tun = openTun('tun7')
    await until(() => live.news.includes('+tun7 tcx'))
    space.ip('link', 'set', 'tun7', 'up')
    sendFrames('b1', 7)
    const packet = Buffer.alloc(28)
    packet.writeUInt16BE(0x4500, 0)
    for (let i = 0; i < 7; i++) tun.receive(packet)
    await until(() => live.directions.has(0) && live.directions.has(2))
    expect(live.news).not.toContain('!tun7 BPF_LOAD_FAILED')
  })

  test('auto follows the default route, and stays where it was', async () => {
    space.ip('address', 'add', '192.0.2.7/24', 'dev', 'b0')
    space.ip('route', 'add', 'default', 'via', '192.0.2.1')
    await using live = start({ interfaces: ['auto'] })
    await until(() => live.news.includes('+b0 tcx'))
    space.ip('address', 'add', '198.51.100.7/24', 'dev', 'b1')
    space.ip('route', 'replace', 'default', 'via', '198.51.100.1')
    await until(() => live.news.includes('+b1 tcx'))
    expect(live.source.interfaces.map(({ name }) => name).sort()).toEqual(['b0', 'b1'])
  })

  test('an interface that cannot be attached is told and does not stop the others', async () => {
    space.run('tc', 'qdisc', 'add', 'dev', 'b1', 'clsact')
    const foreign = 'filter add dev b1 ingress pref 1 protocol all bpf da obj'.split(' ')
    space.run('tc', ...foreign, object, 'sec', 'tc')
    const u32 = 'filter replace dev b1 egress pref 1 protocol ip u32 match u32 0 0'
    space.run('tc', ...u32.split(' '))
    await using live = start({ interfaces: ['b*'], attach: 'clsact' })
    await until(() => live.news.includes('+b0 clsact') && live.news.includes('!b1 ATTACH_FAILED'))
    // Ingress worked before egress failed, and was taken back.
    expect(space.run('tc', 'filter', 'show', 'dev', 'b1', 'ingress')).not.toContain('4f525448')
  })

  test('a name that does not exist is refused, with the names that do', () => {
    expect(() => start({ interfaces: ['eth9'] })).toThrow(
      expect.objectContaining({
        code: 'NO_INTERFACE',
        message: expect.stringMatching(/cannot attach to `eth9`: no such interface; .*`b0`/),
      }),
    )
  })

  test('stopping before it ran, and twice, frees everything', async () => {
    const source = openLive({ capture: capture({ interfaces: ['b0'] }), object })
    await source.stop()
    await source.stop()
  })

  test('an error of the handler ends the run, detached', async () => {
    const source = openLive(
      { capture: capture({ interfaces: ['b0'] }), object },
      {
        attached: () => sendFrames('b1'),
      },
    )
    const handler = { flow() {}, record: fail }
    await expect(source.run(handler)).rejects.toThrow('handler')
    expect(programs('b0')).toBe(0)
    await source.stop()
  })

  function start(options: Partial<CaptureOptions>): Live {
    return new Live(capture(options), object)
  }

  function programs(name: string): number {
    const index = listInterfaces().find(one => one.name === name)?.index ?? 0
    const sides = ['ingress', 'egress'] as const
    return sides.reduce((sum, side) => sum + (tcxPrograms(index, side)?.length ?? 0), 0)
  }
})

/** A running source that notes what it is told. */
class Live implements RecordHandler {
  readonly source: LiveSource
  readonly over: Promise<void>
  readonly numbers: number[] = []
  readonly news: string[] = []
  readonly directions = new Set<number>()

  constructor(options: CaptureOptions, object: string) {
    this.source = openLive(
      { capture: options, object },
      {
        attached: ({ name }, mode) => this.news.push(`+${name} ${mode}`),
        detached: ({ name }) => this.news.push(`-${name}`),
        failed: ({ name }, { code }) => this.news.push(`!${name} ${code}`),
      },
    )
    this.over = this.source.run(this)
    this.over.catch(() => undefined)
  }

  record(view: DataView, offset: number): void {
    this.numbers.push(Number(view.getBigUint64(offset + 16, true)))
    this.directions.add(view.getUint32(offset + 32, true))
  }

  flow(): void {}

  async stop(): Promise<void> {
    await this.source.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.stop()
  }
}

function fail(): never {
  throw new Error('handler')
}

async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (done()) return
    await sleep(10)
  }
  throw new Error('it did not come to pass')
}
