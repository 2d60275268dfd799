import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = resolve('bin/orthrus') // tests and benchmarks are started in the checkout
const patience = 30_000

export interface Launch {
  /** Words before the program: `setpriv …`. */
  readonly prefix?: readonly string[]
  /** Where stdout goes instead of to `stdout`: a descriptor. */
  readonly stdout?: number
  readonly env?: NodeJS.ProcessEnv
}

/** The built program, running in a network namespace. */
export class SensorProcess {
  readonly process: ChildProcess
  readonly #closed: Promise<unknown>
  stdout = ''
  stderr = ''

  constructor(namespace: string, args: readonly string[], launch: Launch) {
    const words = [...(launch.prefix ?? []), program, ...args]
    // `ip netns exec` becomes the program: signals reach it, and its pid is the program's.
    this.process = spawn('ip', ['netns', 'exec', namespace, ...words], {
      stdio: ['ignore', launch.stdout ?? 'pipe', 'pipe'],
      env: { ...process.env, ORTHRUS_DEBUG: '', NO_COLOR: '', ...launch.env },
    })
    this.process.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString()
    })
    this.process.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString()
    })
    this.#closed = once(this.process, 'close')
  }

  get isOver(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** Waits for a text, or something that matches, on a stream. */
  async says(stream: 'stdout' | 'stderr', what: string | RegExp): Promise<void> {
    const found = () =>
      typeof what === 'string' ? this[stream].includes(what) : what.test(this[stream])
    await this.until(found, `${stream} never said ${what}`)
  }

  async until(done: () => boolean, complaint: string, wait = patience): Promise<void> {
    for (const end = Date.now() + wait; !done(); await sleep(10)) {
      if (this.isOver && !done()) throw new Error(`it ended, and ${complaint}:\n${this.output}`)
      if (Date.now() > end) throw new Error(`${complaint}:\n${this.output}`)
    }
  }

  /** The JSON documents on stdout so far. */
  get documents(): Json[] {
    return parseLines(this.stdout)
  }

  /** The alerts about new devices; rules may have others. */
  get alerts(): Json[] {
    return this.documents.filter(one => one.event.action === 'device-new')
  }

  /** The summary of the whole run. */
  get summary(): Json {
    const found = this.documents.find(one => one.event.action === 'summary-final')
    if (found === undefined) throw new Error(`no final summary:\n${this.output}`)
    return found
  }

  get output(): string {
    return `stdout:\n${this.stdout}\nstderr:\n${this.stderr}`
  }

  /** Its exit status, once it is over. */
  async ended(): Promise<number | null> {
    await this.#closed
    return this.process.exitCode
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal)
    return this.ended()
  }

  async kill(): Promise<void> {
    if (!this.isOver) this.process.kill('SIGKILL')
    await this.#closed
  }
}

/** An ECS document, as far as the tests look into it. */
export interface Json {
  readonly '@timestamp': string
  readonly message: string
  readonly event: { readonly kind: string; readonly action: string; readonly id: string }
  readonly source: { readonly mac: string; readonly ip: string }
  readonly observer: { readonly ingress: { readonly interface: { readonly name: string } } }
  readonly orthrus: { readonly sensor: SensorFacts }
}

interface SensorFacts {
  readonly packets: number
  /** What crossed from the kernel. */
  readonly records: number
  readonly flows: { readonly started: number; readonly ended: number; readonly live: number }
  readonly events: Readonly<Record<string, number>>
  readonly devices: {
    readonly known: number
    readonly new: number
    readonly learning_left_seconds: number
  }
  readonly alerts: {
    readonly raised: number
    readonly waiting: number
    readonly sinks: Readonly<Record<string, { readonly delivered: number }>>
  }
  readonly missed: Readonly<Record<string, number>>
  readonly overhead: { readonly kernel_ns_per_packet?: number }
}

/** The documents of a text of JSON lines; a last line that is not whole is left out. */
export function parseLines(text: string): Json[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
}
