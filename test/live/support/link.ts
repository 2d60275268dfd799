import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeNamespace, type Namespace } from '../../capture/support/namespace.ts'
import { sendFrame } from './frame.ts'
import { type Json, SensorProcess } from './sensor.ts'

const patience = 30_000

export interface Host {
  readonly name: 'gateway' | 'victim' | 'attacker' | 'internet'
  readonly ip: string
  readonly mac: string
}

export const gateway: Host = { name: 'gateway', ip: '192.0.2.1', mac: '02:00:5e:00:53:01' }
export const victim: Host = { name: 'victim', ip: '192.0.2.10', mac: '02:00:5e:00:53:10' }
export const attacker: Host = { name: 'attacker', ip: '192.0.2.66', mac: '02:00:5e:00:53:66' }
/** What is behind the gateway. */
export const internet: Host = {
  name: 'internet',
  ip: '198.51.100.7',
  mac: '02:00:5e:00:53:07',
}

/** Whether these programs are here; says loudly which are not. */
export function have(...programs: string[]): boolean {
  const missing = programs.filter(program => !isThere(program))
  if (missing.length > 0) {
    process.stderr.write(`\n*** ${missing.join(', ')} not installed: live tests SKIPPED ***\n\n`)
  }
  return missing.length === 0
}

/** Whether programs may make devices of their own here, as tunnels do; says loudly if not. */
export function haveTun(): boolean {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'))
    return true
  } catch {
    process.stderr.write('\n*** no /dev/net/tun: live tests of tunnels SKIPPED ***\n\n')
    return false
  }
}

function isThere(program: string): boolean {
  try {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env: { PATH: path } })
    return true
  } catch {
    return false
  }
}

/**
 * Three hosts on a switch and one behind the gateway, each in a namespace; the sensor watches the
 * victim's port of the switch.
 */
export class LinkLab {
  readonly directory = mkdtempSync(join(tmpdir(), 'orthrus-link-'))
  readonly #switch: Namespace = makeNamespace('orKs')
  readonly #hosts = new Map<string, Namespace>()
  readonly #programs: ChildProcess[] = []
  readonly #folders: string[] = []
  #sensor: SensorProcess | undefined

  constructor() {
    const hub = this.#switch
    hub.ip('link', 'add', 'br0', 'type', 'bridge')
    hub.ip('link', 'set', 'br0', 'up')
    for (const { name, ip, mac } of [gateway, victim, attacker]) {
      const space = this.#host(name)
      hub.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space.name)
      hub.ip('link', 'set', name, 'master', 'br0', 'up')
      space.ip('link', 'set', 'eth0', 'address', mac, 'up')
      space.ip('address', 'add', `${ip}/24`, 'dev', 'eth0')
      if (name !== 'gateway') space.ip('route', 'add', 'default', 'via', gateway.ip)
    }
    this.#connect(this.space(gateway))
  }

  #host(name: Host['name']): Namespace {
    const space = makeNamespace(`orK${name[0] ?? ''}`)
    this.#hosts.set(name, space)
    return space
  }

  /** The way from the gateway to the internet. */
  #connect(router: Namespace): void {
    const { name, ip, mac } = internet
    const space = this.#host(name)
    router.ip('link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space.name)
    router.ip('address', 'add', '198.51.100.1/24', 'dev', 'wan0')
    router.ip('link', 'set', 'wan0', 'up')
    router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
    space.ip('link', 'set', 'eth0', 'address', mac, 'up')
    space.ip('address', 'add', `${ip}/24`, 'dev', 'eth0')
    space.ip('route', 'add', 'default', 'via', '198.51.100.1')
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** A resolver on the gateway that knows these names, and which the victim's programs ask. */
  async resolver(names: Readonly<Record<string, string>>, ...more: string[]): Promise<void> {
    const own = Object.entries(names).map(([name, address]) => `--address=/${name}/${address}`)
    const set = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts']
    const here = ['--listen-address', gateway.ip, '--bind-interfaces', '--user=root']
    const pid = `--pid-file=${this.path('resolver.pid')}`
    this.start(gateway, 'dnsmasq', ...set, ...here, pid, ...own, ...more)
    const folder = `/etc/netns/${this.space(victim).name}`
    this.#folders.push(folder)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${gateway.ip}\n`)
    await this.listening(gateway, 53)
  }

  /** Until a program on a host has a TCP port open. */
  async listening(host: Host, port: number): Promise<void> {
    const open = () => this.space(host).run('ss', '-Hltn', `sport = ${port}`) !== ''
    for (const end = Date.now() + patience; !open(); await sleep(20)) {
      if (Date.now() > end) throw new Error(`nobody listens on ${port} of ${host.name}`)
    }
  }

  /** The configuration of the sensor, once it has been started. */
  get config(): string {
    return this.path('orthrus.yaml')
  }

  /** Records with tcpdump what passes where the sensor watches, until the returned function is called. */
  async record(file: string): Promise<() => Promise<void>> {
    const words = ['-i', 'victim', '-U', '--immediate-mode', '-B', '65536', '-w', file]
    const child = this.#spawn(this.#switch, 'tcpdump', words)
    let said = ''
    child.stderr?.on('data', (data: Buffer) => {
      said += data.toString()
    })
    for (const end = Date.now() + patience; !said.includes('listening'); await sleep(20)) {
      if (Date.now() > end) throw new Error(`tcpdump does not record: ${said}`)
    }
    return async () => {
      child.kill('SIGINT')
      await once(child, 'close')
      if (!said.includes('0 packets dropped by kernel')) throw new Error(`tcpdump: ${said}`)
    }
  }

  space({ name }: Host): Namespace {
    const space = this.#hosts.get(name)
    if (space === undefined) throw new Error(`no host ${name}`)
    return space
  }

  /** `orthrus run` on the victim's port, with rules and detectors as they are shipped but for `more`. */
  async watch(more = ''): Promise<SensorProcess> {
    writeFileSync(
      this.config,
      `network: { home: [192.0.2.0/24] }
capture: { interfaces: [victim], flow: { sweep_interval: 1s, tcp_closing_timeout: 3s, udp_timeout: 5s, icmp_timeout: 5s } }
state: { directory: ${this.path('state')} }
${more}`,
    )
    const sensor = new SensorProcess(this.#switch.name, ['run', '-c', this.config], {})
    this.#sensor = sensor
    await sensor.says('stderr', 'rules run')
    return sensor
  }

  /** Runs a program on a host to its end, whatever its status; its output. */
  async run(host: Host, program: string, ...args: string[]): Promise<string> {
    const child = this.start(host, program, ...args)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        output += data.toString()
      })
    }
    await once(child, 'close')
    return output
  }

  /** Starts a program on a host; it ends with the lab. */
  start(host: Host, program: string, ...args: string[]): ChildProcess {
    return this.#spawn(this.space(host), program, args)
  }

  #spawn({ name }: Namespace, program: string, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', name, program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    })
    this.#programs.push(child)
    return child
  }

  /** Sends one frame of these bytes out of a host. */
  frame(host: Host, bytes: Uint8Array): void {
    this.space(host).inside(() => sendFrame('eth0', bytes))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sensor?.kill()
    for (const child of this.#programs) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    for (const space of this.#hosts.values()) space[Symbol.dispose]()
    this.#switch[Symbol.dispose]()
    for (const folder of [this.directory, ...this.#folders]) {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Alerts of rules: not what the sensor says about itself, nor what a silence kept back. */
export function barks(sensor: SensorProcess): (Json & Bark)[] {
  const all = sensor.documents as (Json & Bark)[]
  return all.filter(({ event, rule }) => event.kind === 'alert' && rule !== undefined)
}

interface Bark {
  readonly rule?: { readonly name: string }
}
