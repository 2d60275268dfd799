import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Device, deviceKey } from '../src/enrich/device.ts'
import { writeDevice } from '../src/enrich/device-record.ts'
import { openEnvironment } from '../src/storage/environment.ts'
import { arp, ethernet } from '../test/generate/packets.ts'
import { Lab } from '../test/live/support/lab.ts'
import { type SensorProcess } from '../test/live/support/sensor.ts'

/** The sensor as a whole, on real interfaces: needs root, iproute2 and iperf3; about a minute. */

const execute = promisify(execFile)
const DEVICES = 65_000
const STARTS = 3
const ALERTS = 400
const ALERT_PAUSE_MS = 7
const PAIRS = 10
/** Rules are read, and the start is tidied up. */
const WARM_MS = 3000
const IDLE_MS = 10_000

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

/** Process start to the line that says so, ms. */
async function startTimes(lab: Lab, state: string): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const begun = Date.now()
    const sensor = await lab.run(arguments_(state))
    const line = sensor.stderr.split('\n').find(one => one.includes('watching')) ?? '{}'
    times.push(Date.parse(JSON.parse(line).time) - begun)
    await sensor.end()
  }
  return times
}

/** A memory that knows as many devices as a large site has. */
async function remember(directory: string): Promise<void> {
  const environment = await openEnvironment({ directory })
  const time = Date.now() * 1000
  for (let first = 0; first < DEVICES; first += 1000) {
    const operations = Array.from({ length: 1000 }, (_, i) => {
      const facts = { high: 0x00005e, low: first + i, interface: 'w0', vlan: 0 }
      const device = new Device({ ...facts, evidence: 'arp', self: false, firstSeen: time })
      const words = { word0: (10 << 24) | (first + i), word1: 0, word2: 0, word3: 0 }
      device.add({ family: 4, ...words, vlan: 0, first: time, last: time, lost: false })
      const value = writeDevice(device)
      return { kind: 'put', table: 'devices', key: deviceKey(device), value } as const
    })
    await environment.commit(operations)
  }
  await environment.close()
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

/** Two sensors that see nothing, in a place of their own; one knows many devices. */
async function startIdle(lab: Lab, full: string): Promise<SensorProcess[]> {
  return [await lab.run(arguments_(lab.path('idle'))), await lab.run(arguments_(full))]
}

/** What they take when their start is long over: memory is given back in the first seconds. */
async function idle(sensors: readonly SensorProcess[]): Promise<void> {
  const before = cpu(sensors[0]?.process.pid)
  await sleep(IDLE_MS)
  const used = cpu(sensors[0]?.process.pid) - before
  const [empty, large] = sensors.map(({ process }) => memory(process.pid))
  tell('idle: resident memory', empty?.rss ?? Number.NaN, 'MB', 110)
  tell('idle: of it anonymous', empty?.anonymous ?? Number.NaN, 'MB')
  tell('idle: CPU of one core', (100 * used) / IDLE_MS, '%')
  tell('65,000 devices: resident memory', large?.rss ?? Number.NaN, 'MB')
  tell('65,000 devices: of it anonymous', large?.anonymous ?? Number.NaN, 'MB', 300)
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

/** Bits a second that arrive. */
async function iperf(lab: Lab, host: string, words: readonly string[] = []): Promise<number> {
  const args = ['netns', 'exec', lab.peer.name, 'iperf3', '-J', '-c', host, '-t', '1', ...words]
  const { stdout } = await execute('ip', args, { maxBuffer: 1e7 })
  const { end } = JSON.parse(stdout)
  return end.sum_received?.bits_per_second ?? end.sum?.bits_per_second
}

/**
 * The same transfer over two links between the same namespaces, one watched and one not, in turns:
 * whatever else the machine does meets both. The median of the pairs' ratios.
 */
async function throughput(lab: Lab, name: string, words: readonly string[], target?: number) {
  const [watched, other] = ['192.0.2.1', '198.51.100.1'] as const
  const ratios: number[] = []
  const rates: number[] = []
  for (let i = 0; i < PAIRS; i++) {
    const order = i % 2 === 0 ? [watched, other] : [other, watched]
    const rate = new Map<string, number>()
    for (const host of order) rate.set(host, await iperf(lab, host, words))
    ratios.push((rate.get(watched) ?? Number.NaN) / (rate.get(other) ?? Number.NaN))
    rates.push(rate.get(watched) ?? Number.NaN)
  }
  tell(`${name}: loss of throughput`, 100 * (1 - quantile(ratios, 0.5)), '%', target)
  tell(`${name}: throughput while watched`, quantile(rates, 0.5) / 1e9, 'Gb/s')
}

async function transfers(lab: Lab): Promise<void> {
  lab.home.ip('link', 'add', 'u0', 'type', 'veth', 'peer', 'name', 'q0', 'netns', lab.peer.name)
  for (const [space, device, host] of [
    [lab.home, 'u0', 1],
    [lab.peer, 'q0', 2],
  ] as const) {
    space.ip('address', 'add', `198.51.100.${host}/24`, 'dev', device)
    space.ip('link', 'set', device, 'up')
  }
  const server = execFile('ip', ['netns', 'exec', lab.home.name, 'iperf3', '-s'])
  await sleep(300)
  try {
    const bulk = await lab.run(arguments_(lab.path('bulk')))
    await iperf(lab, '192.0.2.1')
    await bulk.end()
    report(bulk)
    const sensor = await lab.run(arguments_(lab.path('transfer')))
    await throughput(lab, 'iperf3 TCP', [], 5)
    await sensor.end()
  } finally {
    server.kill()
  }
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
  if (isWanted('start') || isWanted('idle')) await remember(full)
  if (isWanted('start')) {
    tell('start until attached', quantile(await startTimes(lab, lab.path('s')), 0.5), 'ms', 1000)
    const large = quantile(await startTimes(lab, full), 0.5)
    tell('start until attached, 65,000 devices known', large, 'ms', 1000)
  }
  const sensors = isWanted('idle') ? await startIdle(quiet, full) : []
  if (isWanted('latency')) await latency(lab)
  if (isWanted('transfers')) await transfers(lab)
  if (isWanted('idle')) await idle(sensors)
}

console.log('live: the whole sensor between two network namespaces')
if (process.getuid?.() === 0) await main()
else console.log('*** not root: SKIPPED ***')
