import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { tcxPrograms } from '../../../src/capture/attach.ts'
import { listInterfaces } from '../../../src/capture/interfaces.ts'
import { SensorError } from '../../../src/errors.ts'
import { request } from '../../../src/operate/control.ts'
import { makeNamespace, type Namespace } from '../../capture/support/namespace.ts'
import { sendFrame } from './frame.ts'
import { type Launch, SensorProcess } from './sensor.ts'

const execute = promisify(execFile)

export const sensorMac = '02:00:5e:00:53:01'
export const peerMac = '02:00:5e:00:53:02'

/**
 * Two network namespaces joined by a veth: the sensor watches `w0` (192.0.2.1, 2001:db8::1), a peer
 * is at the other end (192.0.2.2, 2001:db8::2). Everything in it ends with the scope.
 */
export class Lab {
  readonly home: Namespace = makeNamespace('orLs')
  readonly peer: Namespace = makeNamespace('orLp')
  readonly directory = mkdtempSync(join(tmpdir(), 'orthrus-live-'))
  readonly #running: SensorProcess[] = []
  readonly #servers: Server[] = []

  constructor() {
    const { home, peer } = this
    home.ip('link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'p0', 'netns', peer.name)
    home.ip('link', 'set', 'w0', 'address', sensorMac)
    peer.ip('link', 'set', 'p0', 'address', peerMac)
    for (const [space, device, host] of [[home, 'w0', 1] as const, [peer, 'p0', 2] as const]) {
      space.ip('address', 'add', `192.0.2.${host}/24`, 'dev', device)
      space.ip('address', 'add', `2001:db8::${host}/64`, 'dev', device, 'nodad')
      space.ip('link', 'set', device, 'up')
    }
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** `orthrus run` in the sensor's namespace; resolves when it watches what it was told to. */
  async run(args: readonly string[], launch: Launch = {}): Promise<SensorProcess> {
    const sensor = this.start(['run', ...args], launch)
    await sensor.says('stderr', 'watching')
    await sensor.says('stderr', 'rules run') // then its sinks are open too
    return sensor
  }

  /** Until so many alerts wait in the sensor on the state `name`; undefined: until it is ending. */
  async waiting(name: string, count: number | undefined): Promise<void> {
    while ((await this.#waits(name)) !== count) await sleep(20)
  }

  async #waits(name: string): Promise<number | undefined> {
    try {
      const answer = await request(this.path(name), 'outbox report')
      for await (const report of answer ?? []) return (report as { waiting: number }).waiting
    } catch (error) {
      if (!(error instanceof SensorError)) throw error // else it hung up: it is ending
    }
    return undefined
  }

  /** The program with any arguments, in the sensor's namespace. */
  start(args: readonly string[], launch: Launch = {}): SensorProcess {
    const sensor = new SensorProcess(this.home.name, args, launch)
    this.#running.push(sensor)
    return sensor
  }

  /** A TCP server in the sensor's namespace that answers whatever it is sent with `answer`. */
  serve(port: number, answer: string): void {
    const server = createServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(answer))
    })
    this.home.inside(() => server.listen(port)) // without a host it is bound before this returns
    this.#servers.push(server)
  }

  /** Runs a script of bash in the peer's namespace: /dev/tcp and /dev/udp are all it needs. */
  async fromPeer(script: string): Promise<void> {
    await execute('ip', ['netns', 'exec', this.peer.name, 'bash', '-c', script])
  }

  /** Sends one frame of these bytes out of the peer's interface. */
  frame(bytes: Uint8Array): void {
    this.peer.inside(() => sendFrame('p0', bytes))
  }

  /** TCX programs on both sides of an interface of the sensor's namespace. */
  programs(name = 'w0'): number {
    return this.home.inside(() => {
      const index = listInterfaces().find(one => one.name === name)?.index
      if (index === undefined) throw new Error(`no interface ${name}`)
      const sides = ['ingress', 'egress'] as const
      return sides.reduce((sum, side) => sum + (tcxPrograms(index, side)?.length ?? 0), 0)
    })
  }

  /** Filters at the clsact hooks of an interface of the sensor's namespace. */
  filters(name = 'w0'): string[] {
    const sides = ['ingress', 'egress']
    const shown = sides.map(side => this.home.run('tc', 'filter', 'show', 'dev', name, side))
    return shown.join('').match(/orthrus_\S*:\[\d+\]/g) ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sensor of this.#running) await sensor.kill()
    for (const server of this.#servers) server.close()
    this.home[Symbol.dispose]()
    this.peer[Symbol.dispose]()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
