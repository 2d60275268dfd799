import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openReplay } from '../src/capture/replay.ts'
import { loadConfig } from '../src/config/load.ts'
import { eventHandler } from '../src/pipeline/events.ts'
import { Protocols } from '../src/protocols/protocols.ts'
import { writeBigCapture } from '../test/generate/big.ts'

/**
 * Replay of one generated file, beside other programs on the same file. By CPU time, all threads
 * of a program together, so that it is one core's work and a busy machine does not count.
 */

const PACKETS = 1_000_000
const RUNS = 3
/** tshark takes minutes for all. */
const TSHARK_PACKETS = 100_000

/** Packets for each second of CPU time, of the best run; `once` gives the µs it took. */
async function best(packets: number, once: () => Promise<number> | number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < RUNS; i++) least = Math.min(least, await once())
  return (packets * 1e6) / least
}

/** Parses everything; `decode` makes events of the records and of the messages in them. */
async function replay(file: string, decode: boolean): Promise<number> {
  const before = process.cpuUsage()
  let count = 0
  const source = openReplay({ capture: loadConfig().capture, files: [file] })
  const protocols = new Protocols(() => {
    count++
  })
  const handler = eventHandler(source.clock, event => protocols.take(event))
  const counting = () => {
    count++
  }
  await source.run(decode ? handler : { record: counting, flow: counting })
  protocols.close()
  if (count === 0) throw new Error('a replay without events measures nothing')
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** The same of another program; undefined where it is not installed. */
async function peer(
  packets: number,
  command: string,
  args: readonly string[],
): Promise<number | undefined> {
  if (spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0) {
    console.log(`*** ${command} is not installed: SKIPPED ***`)
    return undefined
  }
  return await best(packets, () => {
    const script = '"$@" >/dev/null 2>&1 || exit; times'
    const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', command, ...args])
    if (status !== 0) throw new Error(`${command} ended with status ${status}`)
    return childTime(stdout.toString())
  })
}

/** µs of the shell's children: the second line of `times`, user then system, as `0m1.234s`. */
function childTime(text: string): number {
  const [, children = ''] = text.trim().split('\n')
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 6e7 + Number(seconds) * 1e6,
    0,
  )
}

function tell(name: string, rate: number, target?: [number, string]): void {
  const verdict =
    target === undefined ? '' : `  ${target[1]}: ${rate >= target[0] ? 'met' : 'MISSED'}`
  console.log(
    `${name.padEnd(44)} ${Math.round(rate).toLocaleString('en').padStart(10)} packets/s${verdict}`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
try {
  const file = join(folder, 'big.pcap')
  const { bytes, conversations } = await writeBigCapture(file, { packets: PACKETS })
  console.log(`replay: ${PACKETS} packets, ${bytes} bytes, ${conversations} conversations`)
  const orthrus = resolve(import.meta.dirname, '../../../bin/orthrus')
  const ndpi = await peer(PACKETS, 'ndpiReader', ['-q', '-i', file])
  const shark = ['-n', '-r', file, '-c', String(TSHARK_PACKETS)]
  const tshark = await peer(TSHARK_PACKETS, 'tshark', shark)
  const target = 1_500_000
  tell('parsed, records read', await best(PACKETS, () => replay(file, false)), [
    target,
    'target 1,500,000',
  ])
  const decoded = await best(PACKETS, () => replay(file, true))
  tell('parsed, events and messages decoded', decoded, [target, 'target 1,500,000'])
  const printed = await peer(PACKETS, orthrus, ['replay', '--events', file])
  if (printed !== undefined) tell('orthrus replay --events', printed)
  if (ndpi !== undefined) {
    tell('ndpiReader -q', ndpi)
    tell('  events decoded, against it', decoded, [ndpi, 'target: faster'])
  }
  if (tshark !== undefined) {
    tell(`tshark -n (first ${TSHARK_PACKETS})`, tshark)
    tell('  events decoded, against it', decoded, [20 * tshark, 'target: 20 times'])
  }
} finally {
  rmSync(folder, { recursive: true })
}
