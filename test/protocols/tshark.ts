import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, '../../../shared/corpus')
const run = promisify(execFile)

interface Case {
  readonly pcap: string
  readonly bytes: number
  readonly expect: Readonly<Record<string, unknown>>
}

/** Why captures cannot be compared here; undefined when they can. */
export const obstacle = findObstacle()

/**
 * At most `most` captures of the corpus in which something of `kind` is expected, spread evenly; all
 * of them with CAPTURES=all.
 */
export function captures(kind: string, most: number): string[] {
  if (obstacle !== undefined) return []
  const lines = readFileSync(join(folder, 'public.jsonl'), 'utf8').trim().split('\n')
  const cases = lines.map(line => JSON.parse(line) as Case)
  const fitting = cases.filter(each => kind in each.expect && each.bytes < 500_000)
  const files = [...new Set(fitting.map(each => each.pcap))].sort()
  const step = process.env['CAPTURES'] === 'all' ? 1 : Math.max(1, files.length / most)
  return files.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
}

/** One packet as tshark sees it: all values of each field that it has. */
export type Packet = ReadonlyMap<string, readonly string[]>

/** Fields of the packets of a capture that pass `filter`; nothing is put together across packets. */
export async function fields(
  capture: string,
  filter: string,
  names: readonly string[],
): Promise<Packet[]> {
  const args = ['-r', join(folder, 'pcaps', capture), '-n', '-Y', filter, '-T', 'fields']
  const { stdout } = await run(
    'tshark',
    [
      ...args,
      ...['-o', 'tcp.desegment_tcp_streams:FALSE', '-o', 'ip.defragment:FALSE'],
      ...['-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=\x1f'],
      ...names.flatMap(name => ['-e', name]),
    ],
    { maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' },
  )
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => packet(names, line.split('\t')))
}

function packet(names: readonly string[], columns: readonly string[]): Packet {
  const found = new Map<string, readonly string[]>()
  for (const [i, name] of names.entries()) {
    const text = columns[i]
    if (text !== undefined && text !== '') found.set(name, text.split('\x1f'))
  }
  return found
}

function findObstacle(): string | undefined {
  if (!existsSync(join(folder, 'public.jsonl'))) return `no capture corpus in ${folder}`
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'tshark is not installed'
  }
}
