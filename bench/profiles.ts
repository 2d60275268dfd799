import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { MemoryBaselineStore } from '../src/baseline/memory-store.ts'
import { Profiles } from '../src/baseline/profiles.ts'
import { loadConfig } from '../src/config/load.ts'
import { unixClock } from '../src/decode/clock.ts'
import { FlowEvent } from '../src/decode/flow.ts'
import { eventKind, eventVersion, layout } from '../src/decode/record.ts'
import { type DetectorContext } from '../src/detectors/detector.ts'
import { detectorName } from '../src/detectors/detectors.ts'
import { Growth } from '../src/detectors/growth.ts'
import * as registry from '../src/detectors/index.ts'
import { IndicatorIndex } from '../src/detectors/indicator-index.ts'
import { type Devices } from '../src/enrich/devices.ts'
import { homeOf } from '../src/enrich/direction.ts'
import { createLog } from '../src/operate/log.ts'
import { seeded } from './lib/random.ts'

/**
 * ns for each flow event, by detector: an office of 200 devices and 5,000 destinations, a third of the
 * events each starts, updates and ends; then what a flood of random pairs takes, and the indicators.
 */
const flows = 60_000
const { at } = layout.event
const random = seeded(7)
const below = (most: number) => Math.floor(random() * most)

function flow(index: number, kind: number, isRandom = false): FlowEvent {
  const view = new DataView(new ArrayBuffer(512))
  const start = 1_790_000_000_000_000_000n + BigInt(index) * 50_000_000n
  view.setBigUint64(at.time, start + 2_000_000_000n, true)
  view.setUint8(at.version, eventVersion)
  view.setUint8(at.kind, kind)
  view.setUint8(at.family, 4)
  view.setUint8(at.protocol, 6)
  view.setInt32(at.src, (0xc0a80000 + (isRandom ? below(65_536) : below(200))) | 0)
  view.setInt32(at.dst, (isRandom ? below(2 ** 31) : 0x08080000 + below(5000)) | 0)
  view.setUint16(at.src_port, 1024 + (index % 60_000), true)
  view.setUint16(at.dst_port, 443, true)
  const side = at.body + layout.event_flow.at.side
  view.setBigUint64(at.body + layout.event_flow.at.first, start, true)
  view.setBigUint64(at.body + layout.event_flow.at.last, start + 2_000_000_000n, true)
  view.setBigUint64(side, 12n, true)
  view.setBigUint64(side + 16, BigInt(500 + below(30_000)), true)
  view.setBigUint64(side + 24, isRandom ? 0n : 12n, true)
  view.setBigUint64(side + 40, isRandom ? 0n : 9000n, true)
  return new FlowEvent(view, 0, unixClock)
}

const actions = [eventKind.EVENT_FLOW_START, eventKind.EVENT_FLOW_UPDATE, eventKind.EVENT_FLOW_END]
const ordinary = Array.from({ length: flows }, (_, index) => flow(index, actions[index % 3] ?? 0))
const flood = Array.from({ length: flows }, (_, index) =>
  flow(index, eventKind.EVENT_FLOW_END, true),
)
const home = homeOf(['192.168.0.0/16'])
const options = loadConfig().detectors
const names = Array.from({ length: 5000 }, (_, index) => ({
  name: `host${index}.example${index % 90}.org`,
  source: 'tls' as const,
}))

function contextOf(): DetectorContext {
  return {
    signal: () => undefined,
    said: () => [],
    home: () => home,
    devices: { get: () => undefined } as unknown as Devices,
    destinationName: packet => names[packet.destination0 & 4095],
    resolvedName: () => undefined,
    place: () => undefined,
    protocolName: () => undefined,
    baselines: new MemoryBaselineStore(),
    profiles: new Profiles({ limit: 65_536 }),
    growth: new Growth(),
    learning: own => own,
    directory: tmpdir(),
    live: false,
    log: createLog({ level: 'silent' }),
  }
}

function say(name: string, value: number, unit: string, digits = 0): void {
  console.log(`${name.padEnd(52)} ${value.toFixed(digits).padStart(7)} ${unit}`)
}

/** ns of our own processor time: the machine may be busy with others. */
function spent(run: () => void): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

/** Best of five passes, the first having filled the tables. */
function measure(events: readonly FlowEvent[], handle: (event: FlowEvent) => void): number {
  const times = Array.from({ length: 6 }, () => {
    const pass = () => {
      for (const event of events) handle(event)
    }
    return spent(pass) / events.length
  })
  return Math.min(...times.slice(1))
}

for (const [key, kind] of Object.entries(registry)) {
  const name = detectorName(key)
  const detector = kind.open(options[name] as never, contextOf())
  const handle = detector.on.flow
  if (handle === undefined) continue
  say(`${name}: a flow of an office`, measure(ordinary, handle), 'ns')
  say(`${name}: a flow of a flood of random pairs`, measure(flood, handle), 'ns')
  console.log(`  ${JSON.stringify(detector.counts?.() ?? {})}`)
}

const before = process.memoryUsage().arrayBuffers
const profiles = new Profiles({ limit: 65_536 })
for (let index = 0; index < 65_536; index++) profiles.slot(`device-${index}`, 500_000)
say('65,536 profiles', (process.memoryUsage().arrayBuffers - before) / 1e6, 'MB')
const limits = { z: 3.5, watched: 72, active: 24, least: [1, 1, 1, 1, 1] }
const values = [5e6, 400, 40, 300, 4]
for (let hour = 0; hour < 400; hour++) profiles.take(0, 500_000 + hour, values, 0, limits)
const rounds = 2000
const judging = spent(() => {
  for (let hour = 400; hour < 400 + rounds; hour++) {
    profiles.take(0, 500_000 + hour, values, 0, limits)
  }
})
say('an hour of a device judged', judging / rounds / 1000, 'µs', 1)

const index = new IndicatorIndex()
const forever = { source: 0, label: '', until: 0 }
const texts = Array.from({ length: 1_000_000 }, (_, n) =>
  createHash('md5').update(String(n)).digest('hex').slice(0, 12),
)
const filling = process.hrtime.bigint()
for (const [n, text] of texts.entries()) {
  if (n % 2 === 0) index.addText('domain', `${text}.example.com`, forever)
  else
    index.addNetwork(
      4,
      [Number.parseInt(text.slice(0, 8), 16) | 0],
      n % 50 === 1 ? 24 : 32,
      forever,
    )
}
say('1,000,000 indicators: added', Number(process.hrtime.bigint() - filling) / 1e6, 'ms')
say('1,000,000 indicators: tables', index.bytes / 1e6, 'MB')
const asked = Array.from({ length: 4096 }, (_, n) => `www${n}.cdn.static.example${n % 90}.org`)
let found = 0
function ask(name: string, run: (n: number) => number): void {
  const times = Array.from({ length: 5 }, () => {
    const pass = () => {
      for (let n = 0; n < 400_000; n++) if (run(n) >= 0) found++
    }
    return spent(pass) / 400_000
  })
  say(name, Math.min(...times), 'ns')
}
ask('a name that is not listed', n => index.findDomain(asked[n & 4095] ?? ''))
ask('an address that is not listed', n => index.findAddress(4, Math.imul(n, 0x9e3779b1), 0, 0, 0))
if (found < 0) console.log(found)
