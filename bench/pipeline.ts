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
import { Output } from '../src/sinks/output.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { Office } from '../test/generate/office/office.ts'
import { HOUR } from '../test/generate/office/station.ts'
import { Recording } from './lib/recording.ts'
import { ruleTexts } from './lib/rules.ts'

/**
 * The whole sensor behind the ring buffer: records of an office's morning are decoded, enriched,
 * judged by every detector and 1,000 rules, and what comes of it is written to disk. Processor time
 * of all threads together, so that it is one core's whatever the machine does beside it.
 */

const WANTED = 200_000
const RULES = 1000
const ROUNDS = 5
/** Records that the ring buffer gives in one go while it is busy. */
const BATCH = 512
const TARGET = 400_000

const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
const config = configured(loadConfig())
const office = new Office({ days: 0.6, density: 3 })
const source = openReplay({ capture: config.capture, files: [office.stream()] })

/** The shipped rules, and generated ones up to 1,000. */
function configured(own: Config): Config {
  const shipped = 81
  for (const [index, text] of ruleTexts(RULES - shipped).entries()) {
    writeFileSync(join(folder, `${index}.yml`), text)
  }
  return { ...own, rules: { ...own.rules, paths: [folder] } }
}

/** From half past eight on, when people come. */
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
  const begin = office.start + 8.5 * HOUR
  const handler = eventHandler(source.clock, event => {
    if (!recording.isOn && event.packet.time >= begin) recording.isOn = true
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') count(event.kind)
  })
  await source.run(recording.around(handler))
  return { recording, kinds }
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
  for (let at = 0; at < recording.length; at += BATCH) {
    recording.play(handler, at, at + BATCH)
    await turn()
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
const events = [...kinds.values()].reduce((sum, count) => sum + count, 0)
const mix = [...kinds].sort((a, b) => b[1] - a[1])
const shares = mix.map(([kind, count]) => `${((100 * count) / events).toFixed(1)} % ${kind}`)
console.log(`pipeline: ${events} events of ${recording.length} records, ${RULES} rules`)
console.log(`  ${shares.join(', ')}`)
const costs: Cost[] = []
for (let i = 0; i < ROUNDS; i++) costs.push(await round(recording))
const least = (part: keyof Cost) => Math.min(...costs.map(cost => cost[part]))
line('record to durable, all threads on one core', least('all'), events, TARGET)
line('of it the thread that does the work', least('own'), events)
line('by the clock, whatever else ran', least('wall'), events)
rmSync(folder, { recursive: true })
