import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BpfObject, loadObject } from '../src/capture/bpf-object.ts'
import { readCounters } from '../src/capture/counters.ts'
import { hasCoarseClock } from '../src/capture/kernel-features.ts'
import { testRun } from '../src/capture/prog-test-run.ts'
import { RingReader } from '../src/capture/ring-buffer.ts'
import { mapRing } from '../src/capture/ring-map.ts'
import { settingsBytes } from '../src/capture/settings.ts'
import { loadConfig } from '../src/config/load.ts'
import * as p from '../test/generate/packets.ts'

/** What the kernel program costs a packet over a program that does nothing, and how much it says. */

const RING = 64 // MiB: room for every record of a measurement
const REPEAT = 50_000
const ROUNDS = 11
const SOURCE = 26 // offset of IPv4's source address in a frame
const none = { rate: 0, burst: 1 }

function sensor(): BpfObject {
  const defaults = loadConfig().capture
  const limits = { flow_starts: none, arp: none, icmp: none, fragments: none }
  const settings = settingsBytes({ ...defaults, ring_buffer: RING, limits }, hasCoarseClock())
  return loadObject({ settings, maxEntries: { events: RING << 20 } })
}

/**
 * Programs to compare with: one that only returns, and two that give the packet the next source
 * address and then run the sensor, or the one that only returns.
 */
const PEERS = `
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u32);
} programs SEC(".maps");
static __always_inline int next(struct __sk_buff *skb, __u32 program) {
  __u8 *data = (void *)(long)skb->data;
  __u32 *source = (void *)(data + 26);
  if ((void *)(source + 1) <= (void *)(long)skb->data_end)
    *source = bpf_htonl(bpf_ntohl(*source) + 1);
  bpf_tail_call(skb, &programs, program);
  return -1;
}
SEC("tc") int next_sensor(struct __sk_buff *skb) { return next(skb, 0); }
SEC("tc") int next_empty(struct __sk_buff *skb) { return next(skb, 1); }
SEC("tc") int empty(struct __sk_buff *skb) { return -1; }
char _license[] SEC("license") = "GPL";
`

function peers(): BpfObject {
  const folder = mkdtempSync(join(tmpdir(), 'orthrus-bench-'))
  const [source, path] = [join(folder, 'peers.c'), join(folder, 'peers.o')]
  const multiarch = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()
  writeFileSync(source, PEERS)
  try {
    const include = `-I/usr/include/${multiarch}`
    execFileSync('clang', ['-g', '-O2', '-target', 'bpf', include, '-c', source, '-o', path])
    return loadObject({ path })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

class Bench {
  readonly #object = sensor()
  readonly #peers = peers()
  readonly #program = this.#object.program('orthrus_l2_ingress')
  readonly #ring = mapRing(this.#object.map('events'))
  readonly #reader = new RingReader(this.#ring)
  #hosts = 0
  #sources = 0

  constructor() {
    for (const [place, program] of [this.#program, this.#peers.program('empty')].entries()) {
      this.#peers.map('programs').update(Uint32Array.of(place), Uint32Array.of(program))
    }
  }

  /** Feeds frames that are not measured. */
  feed(frames: readonly Uint8Array[]): void {
    for (const data of frames) testRun(this.#program, { data })
    this.drain()
  }

  drain(): void {
    while (this.#reader.drain({ record: () => undefined }) > 0);
  }

  /** ns for one frame again and again, of which each gives so many records. */
  repeated(data: Uint8Array, records = 0): number {
    this.feed([data]) // the first may make a conversation
    return this.#measure(() => data, records, this.#program, this.#peers.program('empty'))
  }

  /** The same for a frame that has a source address of its own each time. */
  fresh(data: Uint8Array, records: number): number {
    const peers = this.#peers
    const frame = () => {
      const next = Uint8Array.from(data)
      next.set(p.u32((100 << 24) + this.#sources), SOURCE)
      this.#sources += REPEAT
      return next
    }
    return this.#measure(frame, records, peers.program('next_sensor'), peers.program('next_empty'))
  }

  #measure(frame: () => Uint8Array, records: number, program: number, peer: number): number {
    const costs = Array.from({ length: ROUNDS }, () => {
      const data = frame()
      const empty = testRun(peer, { data, repeat: REPEAT }).duration
      const before = this.#sent().records
      const cost = testRun(program, { data, repeat: REPEAT }).duration - empty
      const said = this.#sent().records - before
      if (said !== records * REPEAT) throw new Error(`${said} records, not ${records} a packet`)
      this.drain()
      return cost
    })
    return costs.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
  }

  /** Records for 1,000 packets. */
  records(frames: readonly Uint8Array[]): number {
    const before = this.#sent()
    this.feed(frames)
    const after = this.#sent()
    return (1000 * (after.records - before.records)) / (after.packets - before.packets)
  }

  newHost(): p.End {
    const n = ++this.#hosts
    return { ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 40_000 }
  }

  close(): void {
    this.#ring.unmap()
    this.#object.close()
    this.#peers.close()
  }

  #sent(): { records: number; packets: number } {
    const { sent, packets } = readCounters(this.#object.map('counters'))
    return { records: Object.values(sent).reduce((sum, count) => sum + count, 0), packets }
  }
}

const server: p.End = { ip: '192.0.2.1', port: 443 }
const hello = p.tlsRecords(p.clientHello({ sni: 'www.example.com', alpn: ['h2'] }))

function onEthernet(from: p.End, to: p.End, layer: p.Layer): Uint8Array {
  return p.ethernet({}, p.between(from, to, layer))
}

/** A conversation of which nothing more is to be seen, and the segment that comes next. */
function bulk(from: p.End, to: p.End): { before: Uint8Array[]; next: Uint8Array } {
  const parts = Array.from({ length: 20 }, (_, i) => p.noise(1000, i + 1))
  const bytes = p.concat(...parts)
  const segments = p.segmentEvery(bytes, 1000)
  const before = p.tcpConversation({ client: from, server: to, teardown: 'none' }, [
    { from: 'client', bytes, segments },
  ])
  const ports = { srcPort: from.port, dstPort: to.port, seq: 1001 + bytes.length }
  return {
    before,
    next: onEthernet(from, to, p.tcp({ ...ports, flags: p.ACK }, p.noise(1000, 99))),
  }
}

function costs(bench: Bench): [name: string, ns: number, target?: number][] {
  const known = bulk(bench.newHost(), server)
  const known6 = bulk({ ip: 'fd00::1', port: 40_000 }, { ip: 'fd00::2', port: 443 })
  bench.feed([...known.before, ...known6.before])
  const end = bench.newHost()
  const udp = onEthernet(end, server, p.udp({ srcPort: 4000, dstPort: 4001 }, p.noise(1000)))
  bench.feed(Array<Uint8Array>(5).fill(udp))
  const query = p.udp({ srcPort: 4000, dstPort: 53 }, p.dnsQuery('www.example.com'))
  const ports = { srcPort: 40_000, dstPort: 443 }
  const start = onEthernet(bench.newHost(), server, p.tcp({ ...ports, flags: p.SYN }))
  const greet = onEthernet(bench.newHost(), server, p.tcp(ports, hello))
  return [
    ['TCP data of a known flow', bench.repeated(known.next), 60],
    ['TCP data of a known flow, IPv6', bench.repeated(known6.next)],
    ['UDP data of a known flow', bench.repeated(udp)],
    ['new flow (SYN, record)', bench.fresh(start, 1)],
    ['DNS query (record)', bench.repeated(onEthernet(end, server, query), 1)],
    ['ClientHello in a new flow (two records)', bench.fresh(greet, 2)],
    [
      'ARP (record)',
      bench.repeated(p.ethernet({}, p.arp({ senderIp: end.ip, targetIp: '10.0.0.2' })), 1),
    ],
  ]
}

/** A download of about 10,000 packets, what it begins with in front. */
function download(client: p.End, turns: readonly p.Turn[]): Uint8Array[] {
  const bytes = p.noise(9_000 * 1400, 5)
  const body = { from: 'server', bytes, segments: p.segmentEvery(bytes, 1400) } as const
  return p.tcpConversation({ client, server }, [...turns, body])
}

function amounts(bench: Bench): [name: string, records: number, target?: number][] {
  const tls: p.Turn[] = [
    { from: 'client', bytes: hello },
    { from: 'server', bytes: p.serverFlight(), cuts: [1400] },
  ]
  const http: p.Turn[] = [
    { from: 'client', bytes: p.httpRequest({ target: '/big' }) },
    { from: 'server', bytes: p.httpResponse({}, '') },
  ]
  return [
    ['bulk transfer', bench.records(download(bench.newHost(), [])), 1],
    ['download over TLS', bench.records(download(bench.newHost(), tls)), 1],
    ['download over HTTP', bench.records(download(bench.newHost(), http)), 1],
  ]
}

function print(title: string, unit: string, rows: readonly [string, number, number?][]): void {
  console.log(title)
  for (const [name, value, target] of rows) {
    const figure = `${value.toFixed(value < 10 ? 1 : 0).padStart(8)} ${unit}`
    const aim =
      target === undefined ? '' : `target ${target}: ${value <= target ? 'met' : 'missed'}`
    console.log(`  ${name.padEnd(42)} ${figure}  ${aim}`.trimEnd())
  }
}

function main(): void {
  if (process.getuid?.() !== 0) {
    console.error('\n*** not root: the benchmark of the kernel program is SKIPPED ***\n')
    return
  }
  const bench = new Bench()
  try {
    print('kernel program over an empty one, a packet (median)', 'ns', costs(bench))
    print('records for 1,000 packets', '', amounts(bench))
  } finally {
    bench.close()
  }
}

main()
