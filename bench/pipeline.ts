import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { openReplay } from '../src/capture/replay.ts'
import { type RecordHandler } from '../src/capture/source.ts'
import { loadConfig } from '../src/config/load.ts'
import { type Config } from '../src/config/schema.ts'
import { privateNetworks } from '../src/enrich/direction.ts'
import { createLog } from '../src/operate/log.ts'
import { eventHandler } from '../src/pipeline/events.ts'
import { openSensor } from '../src/pipeline/sensor.ts'
import { Protocols } from '../src/protocols/protocols.ts'
import { loadRules } from '../src/rules/load.ts'
import { configuredRules } from '../src/rules/paths.ts'
import { Output } from '../src/sinks/output.ts'
import { type Environment, openEnvironment } from '../src/storage/environment.ts'
import { Office } from '../test/generate/office/office.ts'
import { HOUR } from '../test/generate/office/station.ts'
import { partsOf } from './lib/parts.ts'
import { Recording } from './lib/recording.ts'
import { ruleTexts } from './lib/rules.ts'

/**
 * The whole sensor behind the ring buffer: records of some busy minutes in 250 offices of 32 devices
 * are decoded, enriched, judged by every detector and 1,000 rules, and what comes of it is written to
 * disk. Processor time of all threads together, so that it is one core's whatever else the machine does.
 *
 * The first time all is new to the sensor: 8,000 devices, whatever they do is learned and written.
 * Then the same goes by again with the clock moved on, as in the network that a sensor lives in: the
 * devices and most of what they do are known. That is what the target is about.
 */

/** Events of one office, and offices: what happens once a second must not weigh more than it does. */
const WANTED = 1200
const NETWORKS = 250
const RULES = 1000
/** New sensors; of each, how often all goes by until it is taken for known, and how often after that. */
const ROUNDS = 2
const LESSONS = 2
const PASSES = 2
/** Records that the ring buffer gives in one go while it is busy. */
const BATCH = 4096
const TARGET = 400_000
/** µs between the last event and the same day's first when it goes by again: nothing is open then. */
const PAUSE = 600e6

const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
const config = configured(loadConfig())
const office = new Office({ days: 0.6, density: 3 })
const source = openReplay({ capture: config.capture, files: [office.stream()] })

/** The shipped rules, and generated ones up to 1,000. */
function configured(own: Config): Config {
  const placeholders = new Map(Object.entries(own.rules.placeholders))
  const shipped = loadRules(configuredRules(own.rules), { placeholders }).programs.length
  for (const [index, text] of ruleTexts(RULES - shipped).entries()) {
    writeFileSync(join(folder, `${index}.yml`), text)
  }
  return { ...own, rules: { ...own.rules, paths: [folder] } }
}

/** From ten on, when all are there. */
async function record(): Promise<{ recording: Recording; kinds: ReadonlyMap<string, number> }> {
  const recording = new Recording()
  const kinds = new Map<string, number>()
  let events = 0
  const count = (kind: string) => {
    if (!recording.isOn) return
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    if (++events >= WANTED) void source.stop()
  }
  const protocols = new Protocols(({ kind }) => count(kind))
  const begin = office.start + 10 * HOUR
  const handler = eventHandler(source.clock, event => {
    if (!recording.isOn && event.packet.time >= begin) recording.isOn = true
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') count(event.kind)
  })
  await source.run(recording.around(handler))
  return { recording, kinds }
}

/** Events that rules and detectors look at, and µs from the first to the last. */
function judged(recording: Recording): { readonly events: number; readonly span: number } {
  let events = 0
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  const protocols = new Protocols(() => events++)
  const handler = eventHandler(source.clock, event => {
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') events++
    first = Math.min(first, event.packet.time)
    last = Math.max(last, event.packet.time)
  })
  for (let at = 0; at < recording.length; at++) recording.play(handler, at, NETWORKS)
  protocols.close()
  return { events, span: last - first }
}

interface Cost {
  /** ns of all threads, and of the one that does the work. */
  readonly all: number
  readonly own: number
  readonly wall: number
}

interface Round {
  /** Of each pass. */
  readonly costs: readonly Cost[]
  /** Share of each part of the sensor in one more pass. */
  readonly parts: ReadonlyMap<string, number>
}

/** A new sensor takes all of it, again and again; what each pass costs until all is on the disk. */
async function round(recording: Recording, span: number): Promise<Round> {
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  const nowhere = new PassThrough().resume()
  const environment = await openEnvironment({ directory })
  const sensor = await openSensor({
    config: { ...config, state: { ...config.state, directory } },
    environment,
    source,
    interfaces: [],
    output: new Output(nowhere as unknown as NodeJS.WriteStream, { people: false }),
    stderr: nowhere,
    log: createLog({ level: 'silent' }),
    live: false,
    homeOf: () => privateNetworks,
  })
  const next = (count: number) => {
    const clock = { offset: source.clock.offset + count * (span + PAUSE) }
    const handler = eventHandler(clock, event => sensor.take(event))
    return pass(recording, handler, environment)
  }
  const costs: Cost[] = []
  for (let count = 0; count < LESSONS + PASSES; count++) {
    costs.push(await measured(() => next(count)))
  }
  const parts = await partsOf(() => next(LESSONS + PASSES))
  await sensor.close()
  rmSync(directory, { recursive: true })
  return { costs, parts }
}

async function pass(
  recording: Recording,
  handler: Omit<RecordHandler, 'flush'>,
  environment: Environment,
): Promise<void> {
  for (let at = 0; at < recording.length; at++) {
    recording.play(handler, at, NETWORKS)
    if ((at * NETWORKS) % BATCH < NETWORKS) await turn()
  }
  do {
    await environment.flush()
    await turn()
  } while (environment.health().waiting > 0)
}

async function measured(work: () => Promise<void>): Promise<Cost> {
  const [start, own, begun] = [process.cpuUsage(), ownTime(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(start)
  return {
    all: (user + system) * 1000,
    own: ownTime() - own,
    wall: (performance.now() - begun) * 1e6,
  }
}

/** ns that this thread has been at work, as the scheduler counts it. */
function ownTime(): number {
  const [ran] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')
  return Number(ran)
}

function line(name: string, ns: number, events: number, target?: number): void {
  const rate = (1e9 * events) / ns
  const verdict = rate >= (target ?? 0) ? 'met' : 'MISSED'
  const aim = target === undefined ? '' : `  target ${target.toLocaleString('en')}: ${verdict}`
  const figures = `${(ns / events).toFixed(0).padStart(6)} ns ${Math.round(rate).toLocaleString('en').padStart(9)} events/s`
  console.log(`${name.padEnd(44)} ${figures}${aim}`)
}

const { recording, kinds } = await record()
const single = [...kinds.values()].reduce((sum, count) => sum + count, 0)
const mix = [...kinds].sort((a, b) => b[1] - a[1])
const shares = mix.map(([kind, count]) => `${((100 * count) / single).toFixed(1)} % ${kind}`)
console.log(
  `pipeline: ${recording.length} records of ${NETWORKS} offices each, ${RULES} rules, every detector`,
)
console.log(`  ${shares.join(', ')}`)
const { events, span } = judged(recording)
console.log(`  ${events.toLocaleString('en')} events in ${Math.round(span / 1e6)} s`)
const rounds: Round[] = []
for (let i = 0; i < ROUNDS; i++) rounds.push(await round(recording, span))
tell(
  'everything new',
  rounds.flatMap(({ costs }) => costs.slice(0, 1)),
)
tell(
  'a network that is known',
  rounds.flatMap(({ costs }) => costs.slice(LESSONS)),
  TARGET,
)
tellParts(rounds.flatMap(({ parts }) => parts))
rmSync(folder, { recursive: true })

function tell(name: string, costs: readonly Cost[], target?: number): void {
  const least = (part: keyof Cost) => Math.min(...costs.map(cost => cost[part]))
  console.log(name)
  line('  record to durable, all threads on one core', least('all'), events, target)
  line('  of it the thread that does the work', least('own'), events)
  line('  by the clock, whatever else ran', least('wall'), events)
}

/** Who does it: by folder of src/, the mean of the rounds. */
function tellParts(parts: readonly ReadonlyMap<string, number>[]): void {
  const names = new Set(parts.flatMap(shares => [...shares.keys()]))
  const mean = (name: string) =>
    parts.reduce((sum, shares) => sum + (shares.get(name) ?? 0), 0) / parts.length
  const shares = Array.from(names, name => [name, 100 * mean(name)] as const)
  const largest = shares.filter(([, share]) => share >= 1).sort((a, b) => b[1] - a[1])
  console.log(`  ${largest.map(([name, share]) => `${share.toFixed(0)} % ${name}`).join(', ')}`)
}
