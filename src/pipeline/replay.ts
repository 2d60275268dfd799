import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable } from 'node:stream'
import { type DocumentedEvent, eventDocument } from '../alerts/ecs.ts'
import { openReplay, type ReplayProgress, type ReplaySource } from '../capture/replay.ts'
import { faultLine } from '../config/fault.ts'
import { type Config } from '../config/schema.ts'
import { homeOf } from '../enrich/direction.ts'
import { Enrichment } from '../enrich/enrichment.ts'
import { type Log } from '../operate/log.ts'
import { Protocols } from '../protocols/protocols.ts'
import { Output } from '../sinks/output.ts'
import { openEnvironment } from '../storage/environment.ts'
import { eventContext } from './context.ts'
import { eventHandler } from './events.ts'
import { openSensor, type Sensor } from './sensor.ts'

/** What a replay has at home when the configuration does not say: RFC 1918, 6598 and 4193. */
const privateNetworks = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
]

export interface ReplayEventsOptions {
  readonly config: Config
  readonly files: readonly (string | Readable)[]
  readonly stdout: NodeJS.WritableStream
  readonly stop: AbortSignal
  readonly progress?: (progress: ReplayProgress) => void
}

/** Prints every event of the captures as one ECS document a line; no rules, no memory. */
export async function replayEvents(options: ReplayEventsOptions): Promise<void> {
  const { config, files, stdout, stop, progress } = options
  const home = homeOf(config.network.home.length > 0 ? config.network.home : privateNetworks)
  const enrichment = new Enrichment(config.enrich, { home: () => home })
  const source = openReplay({ capture: config.capture, files, ...(progress && { progress }) })
  const context = eventContext({
    interfaceName: ifindex => source.interfaces.name(ifindex),
    home: () => home,
    enrichment,
    protocols: () => protocols,
  })
  let lines = ''
  const print = (event: DocumentedEvent) => {
    lines += `${JSON.stringify(eventDocument(event, context))}\n`
  }
  const protocols = new Protocols(event => {
    enrichment.learn(event)
    print(event)
  })
  const handler = eventHandler(source.clock, event => {
    if (event.kind === 'flow') enrichment.began(event)
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') print(event)
    if (event.kind === 'flow') enrichment.ended(event)
  })
  const flush = () => {
    if (lines !== '') stdout.write(lines)
    lines = ''
  }
  const halt = () => void source.stop()
  stop.addEventListener('abort', halt)
  try {
    await source.run({ ...handler, flush })
  } finally {
    protocols.close()
    flush()
    stop.removeEventListener('abort', halt)
  }
}

export interface ReplayAlertsOptions extends Omit<ReplayEventsOptions, 'stdout'> {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WritableStream
  readonly log: Log
  /** Folder for the memory; a fresh one that goes afterwards without it. */
  readonly state?: string | undefined
  /** µs instead of every rule's own learning period. */
  readonly learn?: number | undefined
}

/** Prints the alerts that the captures are worth, as JSON lines; the same every time. */
export async function replayAlerts(options: ReplayAlertsOptions): Promise<void> {
  const { files, progress, stop, state } = options
  const directory = state ?? (await mkdtemp(join(tmpdir(), 'orthrus-replay-')))
  try {
    const config = replayConfig(options.config)
    const source = openReplay({ capture: config.capture, files, ...(progress && { progress }) })
    const sensor = await openReplaySensor(options, config, directory, source)
    const halt = () => void source.stop()
    stop.addEventListener('abort', halt)
    try {
      await source.run(eventHandler(source.clock, event => sensor.take(event)))
    } finally {
      stop.removeEventListener('abort', halt)
      await sensor.close()
    }
  } finally {
    if (state === undefined) await rm(directory, { recursive: true, force: true })
  }
}

/** Alerts go to stdout and nowhere else, and it may take its time. */
function replayConfig(config: Config): Config {
  const json = { type: 'console', format: 'json', when: {}, max_age: 0 }
  return { ...config, sinks: { console: json }, outbox: { ...config.outbox, shutdown: '60s' } }
}

async function openReplaySensor(
  { stdout, stderr, log, learn }: ReplayAlertsOptions,
  config: Config,
  directory: string,
  source: ReplaySource,
): Promise<Sensor> {
  const environment = await openEnvironment({ directory })
  const home = config.network.home.length > 0 ? config.network.home : privateNetworks
  const sensor = await openSensor({
    config,
    environment,
    source,
    interfaces: [],
    output: new Output(stdout, { people: false }),
    stderr,
    log,
    learn,
    live: false,
    interfaceName: ifindex => source.interfaces.name(ifindex),
    homeOf: () => home,
  })
  for (const fault of sensor.ruleFaults) log.warn(faultLine(fault))
  return sensor
}
