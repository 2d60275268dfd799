import { execFile } from 'node:child_process'
import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as p from '../test/generate/packets.ts'
import { Lab, peerMac, sensorMac } from '../test/live/support/lab.ts'
import { type SensorProcess } from '../test/live/support/sensor.ts'

/**
 * New conversations that the sensor takes in a second without losing one: a datagram each, from 50,000
 * sources, over a veth into the kernel program, with all detectors and shipped rules behind it. Lost is
 * what the kernel program gave up or could not write, a start or an end. Apart stands what tables had no
 * room for by their bounds: a datagram's conversation lasts a minute, and the default's 131,072 are full
 * after a second, so the last line has a table for a million. The sender (tcpreplay) takes its share of the
 * same cores. Needs root, iproute2 and tcpreplay.
 */

const execute = promisify(execFile)
const SECONDS = 5
const SOURCES = 50_000
/** New conversations a second, and how many the kernel remembers. */
const RUNS = [
  [20_000, 131_072],
  [50_000, 131_072],
  [100_000, 131_072],
  [100_000, 1_048_576],
] as const
const TARGET = 100_000
/** Before whatever else the machine does: sender and sensor have it for themselves for these seconds. */
const first = ['nice', '-n', '-19'] as const

/** Packets of as many conversations, in classic pcap. */
function writeCapture(file: string, count: number): void {
  const layer = p.udp({ srcPort: 1, dstPort: 2 }, new Uint8Array(18))
  const packet = p.ipv4({ src: '10.0.0.0', dst: '192.0.2.1' }, layer)
  const frame = Buffer.from(p.ethernet({ src: peerMac, dst: sensorMac }, packet))
  const one = Buffer.alloc(16 + frame.length)
  one.writeUInt32LE(frame.length, 8)
  one.writeUInt32LE(frame.length, 12)
  frame.copy(one, 16)
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(65_535, 16)
  head.writeUInt32LE(1, 20)
  const descriptor = openSync(file, 'w')
  writeSync(descriptor, head)
  for (let first = 0; first < count; first += 10_000) {
    const many = Array.from({ length: Math.min(10_000, count - first) }, (_, i) => {
      return conversation(one, first + i)
    })
    writeSync(descriptor, Buffer.concat(many))
  }
}

/** The packet of that number: a source and a pair of ports that no other has. */
function conversation(template: Buffer, number: number): Buffer {
  const copy = Buffer.from(template)
  const ip = 16 + 14
  const source = number % SOURCES
  copy.writeUInt16BE(source, ip + 14)
  copy.writeUInt16BE(0, ip + 10) // the kernel program needs no checksum, and nobody else gets it
  copy.writeUInt16BE(1024 + Math.floor(number / SOURCES), ip + 20)
  copy.writeUInt16BE(10_000 + (source % 40_000), ip + 22)
  copy.writeUInt16BE(0, ip + 26)
  return copy
}

interface Outcome {
  /** Packets a second that were sent. */
  readonly rate: number
  /** Processor time of the sensor for all of it, ms. */
  readonly cpu: number
  readonly summary: SensorProcess['summary']['orthrus']['sensor']
}

async function flood(file: string, rate: number, table: number): Promise<Outcome> {
  await using lab = new Lab()
  const config = lab.path('orthrus.yaml')
  writeFileSync(config, `capture: { interfaces: [w0], flow_table: ${table} }\n`)
  const sensor = await lab.run(['-c', config, '--state', lab.path('s')], { prefix: first })
  await sleep(3000) // its start is over
  const before = cpu(sensor.process.pid)
  const words = [...first, 'tcpreplay', '-q', '-K', '-i', 'p0', `--pps=${rate}`, file]
  const { stdout } = await execute('ip', ['netns', 'exec', lab.peer.name, ...words])
  await sleep(2000) // what waited in the ring is read
  const used = cpu(sensor.process.pid) - before
  await sensor.end()
  const sent = Number(/([\d.]+) pps/.exec(stdout)?.[1])
  return { rate: sent, cpu: used, summary: sensor.summary.orthrus.sensor }
}

/** Processor time of a process so far, ms; a clock tick is 10 ms on Linux. */
function cpu(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** What tables refuse by their bounds. */
const bounds = ['flows_evicted', 'detector_keys_refused']

function tell(wanted: number, table: number, { rate, cpu: spent, summary }: Outcome): void {
  const { missed, flows, packets } = summary
  const text = (isBound: boolean) =>
    Object.entries(missed)
      .filter(([kind]) => bounds.includes(kind) === isBound)
      .map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`)
      .join(', ')
  const lost = text(false)
  const aim = wanted === TARGET ? `  target 0: ${lost === '' ? 'met' : 'MISSED'}` : ''
  console.log(
    `${Math.round(rate).toLocaleString('en').padStart(9)} new flows a second, table of ${table.toLocaleString('en')}: ${flows.started} of ${packets} started, ${((1000 * spent) / flows.started).toFixed(1)} µs of processor time each; lost: ${lost || 'nothing'}${aim}`,
  )
  if (text(true) !== '') console.log(`${' '.repeat(10)}no room in tables: ${text(true)}`)
}

async function main(): Promise<void> {
  await using lab = new Lab()
  for (const [rate, table] of RUNS) {
    const file = lab.path('flows.pcap')
    writeCapture(file, rate * SECONDS)
    tell(rate, table, await flood(file, rate, table))
  }
}

console.log('flows: new conversations, live')
if (process.getuid?.() === 0) await main()
else console.log('*** not root: SKIPPED ***')
