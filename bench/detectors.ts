import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Profiles } from '../src/baseline/profiles.ts'
import { StoredBaselineStore } from '../src/baseline/stored-store.ts'
import { openReplay } from '../src/capture/replay.ts'
import { loadConfig } from '../src/config/load.ts'
import { unixClock } from '../src/decode/clock.ts'
import { FlowEvent } from '../src/decode/flow.ts'
import { applicationName } from '../src/decode/protocol.ts'
import { eventKind, layout } from '../src/decode/record.ts'
import { type DetectorEvent } from '../src/detectors/detector.ts'
import { Detectors } from '../src/detectors/detectors.ts'
import { Growth } from '../src/detectors/growth.ts'
import { Devices } from '../src/enrich/devices.ts'
import { homeOf } from '../src/enrich/direction.ts'
import { Enrichment } from '../src/enrich/enrichment.ts'
import { createLog } from '../src/operate/log.ts'
import { eventHandler } from '../src/pipeline/events.ts'
import { Protocols } from '../src/protocols/protocols.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { Office } from '../test/generate/office/office.ts'
import { Random } from './lib/random.ts'

/**
 * What each detector costs an event of an ordinary office, names and memory as in the sensor, and what a
 * flood makes of them all. Event time runs 8,000 times as fast as on a line, so what is done once a second
 * of it weighs as it never does there: a line of its own.
 */

const WANTED = 200_000
const ROUNDS = 5
const FLOOD = 300_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const config = loadConfig()
const home = homeOf(['192.168.0.0/16', '10.0.0.0/8', 'fc00::/7'])

/** The events of a working morning, as the detectors get them. */
async function officeEvents(): Promise<DetectorEvent[]> {
  const office = new Office({ days: 1, density: 0.3 })
  const source = openReplay({ capture: config.capture, files: [office.stream()] })
  const events: DetectorEvent[] = []
  const keep = (event: DetectorEvent) => {
    if (events.length < WANTED) events.push(event)
    else void source.stop()
  }
  const protocols = new Protocols(keep)
  const handler = eventHandler(source.clock, event => {
    protocols.take(event)
    if (event.kind !== 'message' && event.kind !== 'fragment') keep(event)
  })
  await source.run({ ...handler, flush: () => undefined })
  return events
}

const directory = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
const environment = await openEnvironment({ directory })
const devices = new Devices({
  environment,
  limit: 65_536,
  learning: 0,
  vendor: () => undefined,
  journal: { add: () => undefined },
  onEvent: () => undefined,
})
/** Takes what would go to the disk. */
const journal = {
  waiting: 0,
  add: () => undefined,
  settled: async () => undefined,
  flush: async () => undefined,
}

let signals = 0

/** The detectors of these names, or all. */
function open(enrichment: Enrichment, names?: readonly string[]): Detectors {
  const chosen = Object.entries(config.detectors).map(([name, own]) => {
    const enabled = names === undefined || names.includes(name)
    return [name, { ...own, enabled }] as const
  })
  return new Detectors(Object.fromEntries(chosen), {
    signal: () => signals++,
    home: () => home,
    devices,
    destinationName: (packet, start) => enrichment.destinationName(packet, start),
    protocolName: flow => applicationName(flow.l7),
    baselines: new StoredBaselineStore({ environment, journal }),
    learning: own => own,
    resolvedName: (packet, start) => enrichment.names.resolvedName(packet, start),
    place: (family, ...words) => enrichment.geo.place(family, ...words),
    profiles: new Profiles({ limit: 65_536 }),
    growth: new Growth(),
    directory,
    live: false,
    log: createLog({ level: 'silent' }),
  })
}

interface Measured {
  readonly names?: readonly string[]
  /** Without it nothing happens once a second. */
  readonly advance?: boolean
}

/** ns an event, the best of some rounds: a busy machine does not count. Names are learned before. */
function measure(events: readonly DetectorEvent[], options: Measured = {}): number {
  const { names, advance = true } = options
  const lengths = Array.from({ length: ROUNDS }, () => {
    const enrichment = new Enrichment(config.enrich, { home: () => home })
    const detectors = open(enrichment, names)
    const start = process.cpuUsage()
    for (const event of events) {
      learn(enrichment, event)
      detectors.take(event)
      if (event.kind === 'flow') enrichment.ended(event)
      if (advance) detectors.advance('packet' in event ? event.packet.time : event.time)
    }
    return nanoseconds(start) / events.length
  })
  return Math.min(...lengths)
}

function learn(enrichment: Enrichment, event: DetectorEvent): void {
  if (event.kind === 'flow') enrichment.began(event)
  else if (event.kind === 'dns' || event.kind === 'tls') enrichment.learn(event)
  else if (event.kind === 'quic' || event.kind === 'http') enrichment.learn(event)
}

/** ns of processor time since then: other work on the machine does not count. */
function nanoseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

/** Connections of sources that never were before to random ports, none of which is answered. */
function* flood(count: number): Generator<FlowEvent> {
  const random = new Random(7)
  const { at } = layout.event
  const view = new DataView(new ArrayBuffer(512))
  for (let i = 0; i < count; i++) {
    const time = 1_790_000_000_000_000_000n + BigInt(i) * 10_000n
    view.setBigUint64(at.time, time, true)
    view.setBigUint64(at.body + 8, time, true)
    view.setUint8(at.version, 1)
    view.setUint8(at.kind, eventKind.EVENT_FLOW_END)
    view.setUint8(at.family, 4)
    view.setUint8(at.protocol, 6)
    view.setInt32(at.src, random.below(2 ** 32) | 0)
    view.setInt32(at.dst, 0xc0a80000 | random.below(65_536))
    view.setUint16(at.src_port, random.below(65_536), true)
    view.setUint16(at.dst_port, random.below(65_536), true)
    view.setBigUint64(at.body + 16, 1n, true)
    view.setUint8(at.body + 64, 2)
    yield new FlowEvent(view, 0, unixClock)
  }
}

/** What a flood costs these detectors, and the memory that they hold then. */
function drown(names: readonly string[] | undefined, title: string): Detectors {
  collect()
  const before = process.memoryUsage().heapUsed
  const detectors = open(new Enrichment(config.enrich, { home: () => home }), names)
  const start = process.cpuUsage()
  for (const event of flood(FLOOD)) {
    detectors.take(event)
    detectors.advance(event.packet.time)
  }
  const took = nanoseconds(start) / FLOOD
  collect()
  const heap = (process.memoryUsage().heapUsed - before) / 2 ** 20
  line(title, took, `ns an event, the making of it included; ${heap.toFixed(0)} MiB`)
  return detectors
}

const line = (name: string, value: number, unit: string) =>
  console.log(`${name.padEnd(44)} ${value.toFixed(0).padStart(7)} ${unit}`)

const events = await officeEvents()
const none = measure(events, { names: [] })
console.log(`detectors: ${events.length} events of an office`)
line('no detector: names are learned', none, 'ns an event')
for (const name of Object.keys(config.detectors)) {
  line(name, measure(events, { names: [name] }) - none, 'ns an event more')
}
const all = measure(events) - none
const still = measure(events, { advance: false }) - measure(events, { names: [], advance: false })
line('all of them', all, 'ns an event more')
line('all of them, but for what is done once a second', still, 'ns an event more')

console.log(`a flood of ${FLOOD.toLocaleString('en')} sources, 100,000 a second`)
for (const name of Object.keys(config.detectors)) drown([name], name)
const detectors = drown(undefined, 'all of them')
for (const [name, { refused = 0 }] of Object.entries(detectors.counts)) {
  if (refused > 0) line(`refused by ${name}`, refused, 'keys')
}
console.log(`${signals} signals in all`)

await environment.close()
rmSync(directory, { recursive: true })
