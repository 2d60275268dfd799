import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Case, cases, hasKit, kit, replayed } from './replay.ts'

// An independent decoder reads the same captures: tuples, tags and totals of flows must agree.

const run = promisify(execFile)
const obstacle = findObstacle()
if (obstacle !== undefined) process.stderr.write(`\n*** ${obstacle}: HEADERS NOT COMPARED ***\n\n`)

interface Totals {
  packets: number
  bytes: number
}

/** `protocol lower-end higher-end vlan` to what both sides sent. */
type Flows = Map<string, Totals>

const PACKETS = 4000
const MOST = 30

/** The Ethernet captures with the most packets that are quickly read, and tags; all with CAPTURES=all. */
function sample(): string[] {
  const fitting = cases()
    .filter(each => isPlain(each))
    .sort((a, b) => b.packets - a.packets)
  const files = [...new Set(fitting.map(each => each.pcap))]
  if (process.env['CAPTURES'] === 'all') return files
  return files.filter((file, i) => i < MOST || /vlan|qinq/i.test(file))
}

function isPlain({ linktype, packets, format }: Case): boolean {
  return linktype === 'ethernet' && format === 'pcap' && packets <= PACKETS
}

describe.skipIf(obstacle !== undefined)('flows of Ethernet captures', () => {
  test('are those of tshark: tuples, VLAN, packets and bytes', { timeout: 600_000 }, async () => {
    const different: Record<string, string[]> = {}
    let compared = 0
    const captures = sample()
    const work = async () => {
      for (let capture = captures.pop(); capture !== undefined; capture = captures.pop()) {
        const theirs = await tsharkFlows(join(kit, 'pcaps', capture))
        if (theirs === undefined) continue
        const ours = ourFlows(await replayed(capture))
        const faults = differences(theirs, ours)
        if (faults.length > 0) different[capture] = faults
        compared += theirs.size
      }
    }
    await Promise.all([work(), work()])
    expect(different).toEqual({})
    expect(compared).toBeGreaterThan(100)
  })
})

const names = [
  ...['frame.len', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'ip.proto', 'vlan.id'],
  ...['tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'frame.protocols'],
]

/** Layers in which there are conversations of their own, or that only one of both reads. */
const apart =
  /gre|vxlan|geneve|gtp|teredo|pppoe|mpls|erspan|:ah:|esp|:ip:(.*:)?ipv?6?:|:ipv6:(.*:)?ip:|:eth:.*:eth:|nsh|capwap|l2tp|malformed|llc|trill|cmd|openvpn|wg/

/** TCP and UDP flows without tunnels and fragments; undefined for a capture with such. */
async function tsharkFlows(file: string): Promise<Flows | undefined> {
  const options = ['-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE']
  const { stdout } = await run(
    'tshark',
    [
      ...['-r', file, '-n', ...options, '-T', 'fields', '-E', 'separator=/t'],
      ...names.flatMap(name => ['-e', name]),
      ...['-e', 'ip.flags.mf', '-e', 'ip.frag_offset', '-e', 'ipv6.fraghdr.offset'],
    ],
    { maxBuffer: 1 << 26 },
  ).catch(() => ({ stdout: '' }))
  const flows: Flows = new Map()
  for (const line of stdout.split('\n')) {
    const [length, src4, dst4, src6, dst6, , vlan = '', ts, td, us, ud, layers = '', ...fragment] =
      line.split('\t')
    if (
      (apart.test(layers) && !/icmp/.test(layers)) ||
      fragment.some(text => !['', '0', 'False', '0x0000'].includes(text))
    ) {
      return undefined
    }
    const [sport, dport] = [ts || us, td || ud]
    // An error quotes the packet it is about.
    if (!sport || !dport || /icmp/.test(layers)) continue
    const source = `${src4 || src6} ${sport}`
    const target = `${dst4 || dst6} ${dport}`
    const tag = vlan.split(',')[0] || '0'
    count(flows, [ts ? 'tcp' : 'udp', ...[source, target].sort(), Number(tag)], {
      packets: 1,
      bytes: Number(length),
    })
  }
  return flows
}

interface FlowDocument {
  readonly event?: { readonly dataset?: string; readonly type?: readonly string[] }
  readonly network?: {
    readonly transport?: string
    readonly packets?: number
    readonly bytes?: number
    readonly vlan?: { readonly id?: string | number }
  }
  readonly source?: { readonly ip?: string; readonly port?: number }
  readonly destination?: { readonly ip?: string; readonly port?: number }
}

/** What is said last of each conversation counts: packets may come after its end. */
function ourFlows(lines: readonly string[]): Flows {
  const flows: Flows = new Map()
  const latest = new Map<string, FlowDocument>()
  const close = (key: string) => {
    const { network } = latest.get(key) ?? {}
    count(flows, [key], { packets: network?.packets ?? 0, bytes: network?.bytes ?? 0 })
  }
  for (const line of lines) {
    if (!line.includes('orthrus.flow')) continue
    const document = JSON.parse(line) as FlowDocument
    const { event, network, source, destination } = document
    const transport = network?.transport ?? ''
    if (transport !== 'tcp' && transport !== 'udp') continue
    const ends = [`${source?.ip} ${source?.port}`, `${destination?.ip} ${destination?.port}`]
    const key = [transport, ...ends.sort(), Number(network?.vlan?.id ?? 0)].join(' | ')
    if (event?.type?.includes('start') === true) close(key)
    latest.set(key, document)
  }
  for (const key of latest.keys()) close(key)
  return flows
}

function count(flows: Flows, key: readonly (string | number)[], more: Totals): void {
  const name = key.join(' | ')
  const totals = flows.get(name) ?? { packets: 0, bytes: 0 }
  totals.packets += more.packets
  totals.bytes += more.bytes
  flows.set(name, totals)
}

function differences(theirs: Flows, ours: Flows): string[] {
  const all = [...new Set([...theirs.keys(), ...ours.keys()])]
  return all.flatMap(key => {
    const [want, have] = [text(theirs.get(key)), text(ours.get(key))]
    return want === have ? [] : [`${key}: tshark ${want}, here ${have}`]
  })
}

function text(totals: Totals | undefined): string {
  return totals === undefined ? 'none' : `${totals.packets} packets, ${totals.bytes} bytes`
}

function findObstacle(): string | undefined {
  if (!hasKit) return `no capture corpus in ${kit}`
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'tshark is not installed'
  }
}
