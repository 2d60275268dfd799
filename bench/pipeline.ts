import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { openReplay } from '../src/capture/replay.ts'
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
import { openEnvironment } from '../src/storage/environment.ts'
import { Office } from '../test/generate/office/office.ts'
import { HOUR } from '../test/generate/office/station.ts'
import { Recording } from './lib/recording.ts'
import { ruleTexts } from './lib/rules.ts'

/**
 * The whole sensor behind the ring buffer: records of some busy minutes in 250 offices of 32 devices
 * are decoded, enriched, judged by every detector and 1,000 rules, and what comes of it is written to
 * disk. Processor time of all threads together, so that it is one core's whatever else the machine does.
 */

/** Events of one office, and offices: what happens once a second must not weigh more than it does. */
const WANTED = 1200
const NETWORKS = 250
const RULES = 1000
const ROUNDS = 5
/** Records that the ring buffer gives in one go while it is busy. */
const BATCH = 4096
const TARGET = 400_000

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

/** Events that rules and detectors look at. */
function judged(recording: Recording): number {
  let count = 0
  const protocols = new Protocols(() => count++)
  const handler = eventHandler(source.clock, event => {
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') count++
  })
  for (let at = 0; at < recording.length; at++) recording.play(handler, at, NETWORKS)
  protocols.close()
  return count
}

interface Cost {
  /** ns of all threads, and of the one that does the work. */
  readonly all: number
  readonly own: number
  readonly wall: number
}

/** A new sensor takes all of it; what it costs from the first record until the last is on the disk. */
async function round(recording: Recording): Promise<Cost> {
  const directory = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  const nowhere = new PassThrough().resume()
  const log = createLog({ level: 'silent' })
  const sensor = await openSensor({
    config: { ...config, state: { ...config.state, directory } },
    environment: await openEnvironment({ directory }),
    source,
    interfaces: [],
    output: new Output(nowhere as unknown as NodeJS.WriteStream, { people: false }),
    stderr: nowhere,
    log,
    live: false,
    homeOf: () => privateNetworks,
  })
  const handler = eventHandler(source.clock, event => sensor.take(event))
  const [start, own, begun] = [process.cpuUsage(), ownTime(), performance.now()]
  for (let at = 0; at < recording.length; at++) {
    recording.play(handler, at, NETWORKS)
    if ((at * NETWORKS) % BATCH < NETWORKS) await turn()
  }
  await sensor.close()
  const { user, system } = process.cpuUsage(start)
  const cost = { all: (user + system) * 1000, own: ownTime() - own }
  rmSync(directory, { recursive: true })
  return { ...cost, wall: (performance.now() - begun) * 1e6 }
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
const events = judged(recording)
console.log(`  ${events.toLocaleString('en')} events a round`)
const costs: Cost[] = []
for (let i = 0; i < ROUNDS; i++) costs.push(await round(recording))
const least = (part: keyof Cost) => Math.min(...costs.map(cost => cost[part]))
line('record to durable, all threads on one core', least('all'), events, TARGET)
line('of it the thread that does the work', least('own'), events)
line('by the clock, whatever else ran', least('wall'), events)
rmSync(folder, { recursive: true })
