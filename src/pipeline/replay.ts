import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Writable } from 'node:stream'
import { type DocumentedEvent, eventDocument } from '../alerts/ecs.ts'
import { openReplay, type ReplayProgress, type ReplaySource } from '../capture/replay.ts'
import { faultLine } from '../config/fault.ts'
import { type Config } from '../config/schema.ts'
import { homeOf, privateNetworks } from '../enrich/direction.ts'
import { Enrichment } from '../enrich/enrichment.ts'
import { SensorError } from '../errors.ts'
import { type Log } from '../operate/log.ts'
import { Protocols } from '../protocols/protocols.ts'
import { Output } from '../sinks/output.ts'
import { openEnvironment } from '../storage/environment.ts'
import { eventContext } from './context.ts'
import { eventHandler } from './events.ts'
import { checkStrict } from './rules.ts'
import { openSensor, type Sensor } from './sensor.ts'

export interface ReadOptions {
  readonly config: Config
  readonly files: readonly (string | Readable)[]
  readonly stop: AbortSignal
  readonly progress?: (progress: ReplayProgress) => void
}

export interface ReplayEventsOptions extends ReadOptions {
  readonly stdout: NodeJS.WritableStream
}

/** Prints every event of the captures as one ECS document a line; no rules, no memory. */
export async function replayEvents(options: ReplayEventsOptions): Promise<void> {
  const { stdout } = options
  let lines = ''
  const flush = () => {
    if (lines !== '') stdout.write(lines)
    lines = ''
  }
  const print = (document: object) => {
    lines += `${JSON.stringify(document)}\n`
  }
  try {
    await readCaptures(options, print, flush, () => roomIn(stdout, options.stop))
  } finally {
    flush()
  }
}

/** The same documents as a list, of `most` events at most: with more it throws CAPTURE_UNSUPPORTED. */
export async function captureDocuments(
  options: ReadOptions & { readonly most: number },
): Promise<readonly object[]> {
  const { most } = options
  const documents: object[] = []
  let all = 0
  await readCaptures(
    options,
    document => {
      if (++all <= most) documents.push(document)
    },
    () => undefined,
  )
  if (all <= most) return documents
  throw new SensorError('CAPTURE_UNSUPPORTED', `the capture has ${all} events, over ${most}`)
}

/** Decodes and enriches captures; `take` gets the document of every event. */
async function readCaptures(
  { config, files, stop, progress }: ReadOptions,
  take: (document: object) => void,
  flush: () => void,
  room: () => Promise<void> | undefined = () => undefined,
): Promise<void> {
  const home = homeOf(homeNetworks(config))
  const enrichment = new Enrichment(config.enrich, { home: () => home })
  const source = openReplay({ capture: config.capture, files, room, ...(progress && { progress }) })
  const context = eventContext({
    interfaceName: ifindex => source.interfaces.name(ifindex),
    home: () => home,
    enrichment,
    protocols: () => protocols,
  })
  const tell = (event: DocumentedEvent) => take(eventDocument(event, context))
  const protocols = new Protocols(event => {
    enrichment.learn(event)
    tell(event)
  })
  const handler = eventHandler(source.clock, event => {
    if (event.kind === 'flow') enrichment.began(event)
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') tell(event)
    if (event.kind === 'flow') enrichment.ended(event)
  })
  const halt = () => void source.stop()
  stop.addEventListener('abort', halt)
  try {
    await source.run({ ...handler, flush })
  } finally {
    protocols.close()
    stop.removeEventListener('abort', halt)
  }
}

/** What to wait for when a reader takes its time; a reader that has left keeps nobody waiting. */
function roomIn(stdout: NodeJS.WritableStream, stop: AbortSignal): Promise<void> | undefined {
  if (!(stdout instanceof Writable) || !stdout.writableNeedDrain || stop.aborted) return undefined
  return new Promise(resolve => {
    const go = () => {
      for (const name of ['drain', 'close', 'error']) stdout.off(name, go)
      stop.removeEventListener('abort', go)
      resolve()
    }
    for (const name of ['drain', 'close', 'error']) stdout.on(name, go)
    stop.addEventListener('abort', go)
  })
}

export interface ReplayAlertsOptions extends ReadOptions {
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
  const { state } = options
  checkStrict(options.config)
  const directory = state ?? (await mkdtemp(join(tmpdir(), 'orthrus-replay-')))
  try {
    await replayInto(options, replayConfig(options.config), directory)
  } finally {
    if (state === undefined) await rm(directory, { recursive: true, force: true })
  }
}

async function replayInto(
  options: ReplayAlertsOptions,
  config: Config,
  directory: string,
): Promise<void> {
  const { files, progress, stop } = options
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
}

/** Learns from captures in the memory `state`; the alerts that they are worth go nowhere. */
export function learnFrom(
  options: ReplayAlertsOptions & { readonly state: string },
): Promise<void> {
  return replayInto(options, { ...options.config, sinks: {} }, options.state)
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
  const home = homeNetworks(config)
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
  for (const fault of sensor.rules.faults) log.warn(faultLine(fault))
  return sensor
}

/** Without a word of the configuration everything private is at home: a capture has no interfaces. */
function homeNetworks({ network: { home } }: Config): readonly string[] {
  return home.length > 0 ? home : privateNetworks
}
