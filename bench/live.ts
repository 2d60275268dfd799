import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { arp, ethernet } from '../test/generate/packets.ts'
import { Lab } from '../test/live/support/lab.ts'
import { type SensorProcess } from '../test/live/support/sensor.ts'
import { makeLarge } from './lib/large-state.ts'
import { type Link, type Turn, takeTurns } from './lib/turns.ts'

/** The sensor as a whole, on real interfaces: needs root, iproute2 and iperf3; about three minutes. */

/** A large memory: devices with facts, and values of rules. */
const DEVICES = 65_000
const VALUES = 1_000_000
const STARTS = 3
const ALERTS = 400
const ALERT_PAUSE_MS = 7
const TURNS = 150
/** Rules are read, and the start is tidied up. */
const WARM_MS = 3000
const IDLE_MS = 10_000
/** What a large memory reads after its start, one rule a second. */
const READ_MS = 30_000

/** One line: the figure, and whether it reaches its target. */
function tell(name: string, value: number, unit: string, target?: number): void {
  const figure = value < 10 ? value.toFixed(2) : value.toFixed(0)
  const verdict = value <= (target ?? value) ? 'met' : 'MISSED'
  const aim = target === undefined ? '' : `  target ${target} ${unit}: ${verdict}`
  console.log(`${name.padEnd(52)} ${figure.padStart(7)} ${unit.padEnd(4)}${aim}`)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

const arguments_ = (state: string) => ['-i', 'w0', '--learn', '0', '--state', state]

/** Process start to the lines that say so, ms; and what all its threads have computed by then. */
interface Start {
  readonly attached: number
  readonly reading: number
  readonly cpu: number
}

async function startTimes(lab: Lab, state: string): Promise<Start[]> {
  const times: Start[] = []
  for (let i = 0; i < STARTS; i++) {
    const begun = Date.now()
    const sensor = await lab.run(arguments_(state))
    const used = cpu(sensor.process.pid)
    const at = (word: string) => {
      const line = sensor.stderr.split('\n').find(one => one.includes(word)) ?? '{}'
      return Date.parse(JSON.parse(line).time) - begun
    }
    times.push({ attached: at('watching'), reading: at('rules run'), cpu: used })
    await sensor.end()
  }
  return times
}

/** The best of some starts: whatever else the machine does makes them longer. */
function tellStart(name: string, starts: readonly Start[]): void {
  const least = (what: keyof Start) => Math.min(...starts.map(start => start[what]))
  tell(`start until attached${name}`, least('attached'), 'ms', 1000)
  tell(`start until attached and reading${name}`, least('reading'), 'ms', 1000)
  tell(`start until reading, CPU${name}`, least('cpu'), 'ms')
}

/** A memory that knows as many devices as a large site has, and as many habits. */
async function remember(lab: Lab, directory: string): Promise<void> {
  const sensor = await lab.run(arguments_(directory)) // says which rules there are
  await sensor.end()
  await makeLarge(directory, { devices: DEVICES, facts: true, values: VALUES })
}

function memory(pid: number | undefined): { rss: number; anonymous: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { rss: (kib('VmRSS') * 1024) / 1e6, anonymous: (kib('RssAnon') * 1024) / 1e6 }
}

/** CPU time of a process so far, ms; a clock tick is 10 ms on Linux. */
function cpu(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Two sensors that see nothing, in a place of their own; one has a large memory. */
async function startIdle(lab: Lab, full: string): Promise<SensorProcess[]> {
  return [await lab.run(arguments_(lab.path('idle'))), await lab.run(arguments_(full))]
}

/** What they take when their start is long over: memory is given back in the first seconds. */
async function idle(sensors: readonly SensorProcess[]): Promise<void> {
  await sleep(READ_MS)
  const before = cpu(sensors[0]?.process.pid)
  await sleep(IDLE_MS)
  const used = cpu(sensors[0]?.process.pid) - before
  const [empty, large] = sensors.map(({ process }) => memory(process.pid))
  tell('idle: resident memory', empty?.rss ?? Number.NaN, 'MB', 110)
  tell('idle: of it anonymous', empty?.anonymous ?? Number.NaN, 'MB')
  tell('idle: CPU of one core', (100 * used) / IDLE_MS, '%')
  tell('large memory: resident memory', large?.rss ?? Number.NaN, 'MB')
  tell('large memory: of it anonymous', large?.anonymous ?? Number.NaN, 'MB', 300)
}

/** From the packet to the line on stdout, the commit to the disk between them. */
async function latency(lab: Lab): Promise<void> {
  const sensor = await lab.run(arguments_(lab.path('latency')))
  const times: number[] = []
  let rest = ''
  sensor.process.stdout?.on('data', (data: Buffer) => {
    const now = performance.timeOrigin + performance.now()
    const lines = (rest + data.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { '@timestamp': at, event } = JSON.parse(line)
      if (event.kind === 'alert') times.push(now - microseconds(at) / 1000)
    }
  })
  await sleep(WARM_MS)
  for (let i = 0; i < ALERTS; i++) {
    announce(lab, i)
    await sleep(ALERT_PAUSE_MS)
  }
  await sensor.until(() => times.length >= ALERTS, 'too few alerts')
  await sensor.end()
  tell('packet to console, durable: median', quantile(times, 0.5), 'ms', 15)
  tell('packet to console, durable: 99 of 100', quantile(times, 0.99), 'ms', 60)
}

/** `2026-01-01T00:00:00.123456Z` has more digits than Date reads. */
function microseconds(text: string): number {
  const [, digits = ''] = /\.(\d+)Z$/.exec(text) ?? []
  return Date.parse(text.replace(/\.\d+Z$/, 'Z')) * 1000 + Number(digits.padEnd(6, '0'))
}

/** A device that nobody has seen says which address it has. */
function announce(lab: Lab, number: number): void {
  const src = `02:00:5e:01:${hexByte(number >> 8)}:${hexByte(number & 255)}`
  const address = `192.0.2.${3 + (number % 250)}`
  const content = arp({ senderMac: src, senderIp: address, targetIp: address })
  lab.frame(ethernet({ src, dst: 'ff:ff:ff:ff:ff:ff' }, content))
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}

/** A second link that nobody watches, and a third one: how far equals differ. */
const unwatched: readonly Link[] = [
  { device: 'u0', address: '198.51.100.1' },
  { device: 'x0', address: '203.0.113.1' },
]

function connect(lab: Lab, { device, address }: Link): void {
  const far = `${device}p`
  lab.home.ip('link', 'add', device, 'type', 'veth', 'peer', 'name', far, 'netns', lab.peer.name)
  for (const [space, end, host] of [
    [lab.home, device, address],
    [lab.peer, far, address.replace(/1$/, '2')],
  ] as const) {
    space.ip('address', 'add', `${host}/24`, 'dev', end)
    space.ip('link', 'set', end, 'up')
  }
}

/** How much less, in %: the median of the turns' ratios. */
function less(turns: readonly Turn[][], link: number, ratio: (one: Turn, base: Turn) => number) {
  const ratios = turns.flatMap(({ [link]: one, 1: base }) =>
    one === undefined || base === undefined ? [] : [ratio(one, base)],
  )
  return 100 * (1 - quantile(ratios, 0.5))
}

/**
 * The same transfer over three links between the same namespaces, the first of them watched. The
 * machine's other work makes rates differ by more than the sensor does, but hardly the CPU time that
 * a byte takes: on a busy machine the second figure is the one to look at.
 */
async function throughput(lab: Lab): Promise<void> {
  for (const link of unwatched) connect(lab, link)
  const sensor = await lab.run(arguments_(lab.path('transfer')))
  const [begun, used] = [performance.now(), cpu(sensor.process.pid)]
  const turns = await takeTurns(lab, [{ device: 'w0', address: '192.0.2.1' }, ...unwatched], TURNS)
  const share = (cpu(sensor.process.pid) - used) / (performance.now() - begun)
  await sensor.end()
  const rate = (one: Turn, base: Turn) => one.rate / base.rate
  const cost = (one: Turn, base: Turn) => base.cost / one.cost
  tell('iperf3 TCP: loss of throughput', less(turns, 0, rate), '%', 5)
  tell('  of one unwatched link against another', less(turns, 2, rate), '%')
  tell('iperf3 TCP: loss by CPU time a byte', less(turns, 0, cost), '%', 5)
  tell('  of one unwatched link against another', less(turns, 2, cost), '%')
  const watched = turns.flatMap(([one]) => (one === undefined ? [] : [one.rate / 1e9]))
  tell('iperf3 TCP: throughput while watched', quantile(watched, 0.5), 'Gb/s')
  tell('iperf3 TCP: CPU of the sensor, of one core', 100 * share, '%')
}

/** What a transfer is told of: next to nothing. */
async function bulk(lab: Lab): Promise<void> {
  const sensor = await lab.run(arguments_(lab.path('bulk')))
  await takeTurns(lab, [{ device: 'w0', address: '192.0.2.1' }], 10)
  await sensor.end()
  report(sensor)
}

function report({ summary }: SensorProcess): void {
  const { packets, records, missed } = summary.orthrus.sensor
  tell('bulk transfer: events for 1,000 packets', (1000 * records) / packets, '', 1)
  tell('bulk transfer: packets', packets, '')
  tell('bulk transfer: kinds of loss', Object.keys(missed).length, '', 0)
}

/** The parts named on the command line, or all: start, latency, transfers, idle. */
async function main(): Promise<void> {
  const named = process.argv.slice(2)
  const isWanted = (part: string) => named.length === 0 || named.includes(part)
  await using lab = new Lab()
  await using quiet = new Lab()
  const full = lab.path('full')
  if (isWanted('start') || isWanted('idle')) await remember(lab, full)
  if (isWanted('start')) {
    tellStart('', await startTimes(lab, lab.path('s')))
    tellStart(', large memory', await startTimes(lab, full))
  }
  const sensors = isWanted('idle') ? await startIdle(quiet, full) : []
  if (isWanted('latency')) await latency(lab)
  if (isWanted('transfers')) {
    await bulk(lab)
    await throughput(lab)
  }
  if (isWanted('idle')) await idle(sensors)
}

console.log('live: the whole sensor between two network namespaces')
if (process.getuid?.() === 0) await main()
else console.log('*** not root: SKIPPED ***')
