import { describe, expect, test } from 'vitest'
import { type BpfObject, loadObject } from '../../src/capture/bpf-object.ts'
import { FlowSweep } from '../../src/capture/flow-sweep.ts'
import { FlowTable } from '../../src/capture/flow-table.ts'
import { type FlowReason, type FlowTableEntry } from '../../src/capture/source.ts'
import { isRoot } from './support/root.ts'
import { compileTiny } from './support/tiny.ts'

const S = 1e9
const MARGIN = 0.05 * S
const options = {
  updateInterval: 60 * S,
  timeouts: { tcp: 300 * S, tcpClosing: 10 * S, udp: 60 * S, icmp: 30 * S, other: 60 * S },
}
const SYN = 2
const ACK = 16
const FIN = 1
const RST = 4
const STARTED = 1
const ENDED = 2

interface Flow {
  protocol?: number
  first?: number
  last?: number
  flags?: number
  tcp?: [number, number]
  packets?: number
  ended?: number
  tunnel?: number
}

function key4(id: number, protocol: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16))
  view.setUint32(0, id, true)
  view.setUint8(12, protocol)
  return new Uint8Array(view.buffer)
}

function value(flow: Flow): Uint8Array {
  const view = new DataView(new ArrayBuffer(200))
  const { first = 0, last = first, packets = 1 } = flow
  view.setBigUint64(0, BigInt(packets), true)
  view.setBigUint64(24, BigInt(first), true)
  view.setBigUint64(64 + 24, BigInt(last), true)
  view.setUint8(48, flow.tcp?.[0] ?? 0)
  view.setUint8(64 + 48, flow.tcp?.[1] ?? 0)
  view.setBigUint64(128, BigInt(first), true)
  view.setBigUint64(144, BigInt(flow.ended ?? 0), true)
  view.setUint8(176, flow.tunnel ?? 0)
  view.setUint8(178, flow.flags ?? STARTED)
  return new Uint8Array(view.buffer)
}

class Bench {
  readonly object: BpfObject
  readonly sweep: FlowSweep
  reports: [number, FlowReason, string?][] = []

  constructor(path: string, slice?: number) {
    this.object = loadObject({ path, programs: [], maxEntries: { flows4: 8192, flows6: 8192 } })
    const tables = [
      new FlowTable(this.object.map('flows4'), 4, slice),
      new FlowTable(this.object.map('flows6'), 6, slice),
    ]
    this.sweep = new FlowSweep(tables, this.object.map('outers'), options)
  }

  put(id: number, flow: Flow): void {
    this.object.map('flows4').update(key4(id, flow.protocol ?? 6), value(flow))
  }

  has(id: number, protocol = 6): boolean {
    return this.object.map('flows4').lookup(key4(id, protocol), new Uint8Array(200))
  }

  /** One cycle at `seconds`; the reports as [id, reason]. */
  cycle(seconds: number, final = false): [number, FlowReason, string?][] {
    this.reports = []
    this.sweep.begin(seconds * S + MARGIN, final)
    while (this.sweep.step(this));
    return this.reports.sort(([a], [b]) => a - b)
  }

  flow(entry: FlowTableEntry, reason: FlowReason): void {
    const id = entry.key.getUint32(entry.keyOffset, true)
    const outer = entry.outer === undefined ? [] : [String(entry.outer.getUint8(0))]
    this.reports.push([id, reason, ...outer] as [number, FlowReason, string?])
  }

  record(): void {}

  [Symbol.dispose](): void {
    this.object.close()
  }
}

describe.skipIf(!isRoot)('flow sweep', () => {
  const path = isRoot ? compileTiny() : ''

  test('ends a flow when its protocol and state have been silent long enough, and deletes it', () => {
    using bench = new Bench(path)
    const t = 1000 * S
    bench.put(1, { first: t, tcp: [SYN | ACK, SYN | ACK] })
    bench.put(2, { first: t, tcp: [SYN, 0] })
    bench.put(3, { first: t, tcp: [SYN | ACK | FIN, SYN | ACK | FIN] })
    bench.put(4, { first: t, tcp: [SYN, RST | ACK] })
    bench.put(5, { first: t, tcp: [ACK, 0] })
    bench.put(17, { first: t, protocol: 17 })
    bench.put(18, { first: t, protocol: 1 })
    bench.put(19, { first: t, protocol: 58 })
    bench.put(20, { first: t, protocol: 47 })
    const ended = (seconds: number) =>
      bench.cycle(1000 + seconds).flatMap(([id, reason]) => (reason === 'end' ? [id] : []))
    expect(ended(10)).toEqual([])
    expect(ended(10.1)).toEqual([2, 3, 4])
    expect(ended(30.1)).toEqual([18, 19])
    expect(ended(60)).toEqual([])
    expect(ended(60.1)).toEqual([17, 20])
    expect(ended(300)).toEqual([])
    expect(ended(300.1)).toEqual([1, 5])
    expect(ended(1000)).toEqual([])
    expect(bench.sweep.counts).toMatchObject({ ends: 9, removed: 9, live: 0 })
    expect(bench.has(1)).toBe(false)
  })

  test('reports a long flow once an interval, in whatever cycles, and not when nothing passed', () => {
    using bench = new Bench(path)
    const busy = (last: number) => bench.put(1, { first: 100 * S, last: last * S, tcp: [ACK, ACK] })
    busy(101)
    bench.cycle(101)
    const updates: number[] = []
    for (let now = 103; now <= 600; now += 7) {
      if (now < 400) busy(now - 1)
      if (bench.cycle(now).some(([, reason]) => reason === 'update')) updates.push(now)
    }
    // Every 60 s since 100 s; the last packet came at 399 s, so the update after 400 s is the last.
    expect(updates).toEqual([166, 222, 285, 341, 404])
  })

  test('reports a flow whose start was held back, once, and only its end when it is over already', () => {
    using bench = new Bench(path)
    bench.cycle(50)
    bench.put(1, { first: 52 * S, last: 54 * S, flags: 0, tcp: [ACK, ACK] })
    bench.put(2, { first: 40 * S, flags: 0, tcp: [SYN, 0] })
    expect(bench.cycle(55)).toEqual([
      [1, 'update'],
      [2, 'end'],
    ])
    expect(bench.cycle(60)).toEqual([])
  })

  test('a flow made behind the sweep is reported by the next cycle', () => {
    using bench = new Bench(path)
    bench.sweep.begin(100 * S)
    bench.put(1, { first: 100 * S - 1e6, flags: 0, tcp: [ACK, ACK] })
    while (bench.sweep.step({ record() {}, flow() {} }));
    expect(bench.cycle(105)).toEqual([[1, 'update']])
  })

  test('deletes what the kernel has ended, and tells what came after the end', () => {
    using bench = new Bench(path)
    const first = 10 * S
    const tcp: [number, number] = [ACK | FIN, ACK | FIN]
    const flags = STARTED | ENDED
    bench.put(1, { first, tcp, flags, packets: 10, ended: 10 })
    bench.put(2, { first, tcp, flags, packets: 12, ended: 10 }) // the last acknowledgements
    bench.put(3, { first, tcp, flags, packets: 50, ended: 10 }) // it goes on
    expect(bench.cycle(25)).toEqual([[2, 'update']])
    expect([1, 2, 3].map(id => bench.has(id))).toEqual([false, false, true])
    expect(bench.cycle(311)).toEqual([[3, 'end']])
  })

  test('at the end of a run every flow ends that has not, and nothing is deleted', () => {
    using bench = new Bench(path)
    bench.put(1, { first: 100 * S, tcp: [ACK, ACK] })
    bench.put(2, { first: 100 * S, tcp: [ACK, ACK], flags: STARTED | ENDED, packets: 5, ended: 5 })
    bench.put(3, { first: 100 * S, protocol: 17, flags: 0 })
    expect(bench.cycle(101, true)).toEqual([
      [1, 'end'],
      [3, 'end'],
    ])
    expect(bench.has(1)).toBe(true)
  })

  test('finds the outer ends of a conversation inside a tunnel', () => {
    using bench = new Bench(path)
    const key = key4(7, 17)
    const wide = new Uint8Array(40)
    wide.set(key.subarray(0, 4), 0)
    wide.set(key.subarray(4, 8), 16)
    wide.set(key.subarray(8), 32)
    bench.object.map('outers').update(wide, new Uint8Array(32).fill(9))
    bench.put(7, { first: S, protocol: 17, tunnel: 5 })
    bench.put(8, { first: S, protocol: 17, tunnel: 5 })
    expect(bench.cycle(100)).toEqual([
      [7, 'end', '9'],
      [8, 'end'],
    ])
  })

  test('walks a large table in slices, each flow once', () => {
    using bench = new Bench(path, 64)
    for (let id = 1; id <= 5000; id++) bench.put(id, { first: 100 * S, tcp: [SYN, 0] })
    const kept = new Set<number>()
    for (let id = 1; id <= 5000; id++) if (bench.has(id)) kept.add(id)
    const ended = bench.cycle(111).map(([id]) => id)
    expect(new Set(ended)).toEqual(kept)
    expect(ended).toHaveLength(kept.size)
    expect(bench.cycle(112)).toEqual([])
  })

  test('removes a batch of keys even when some are gone', () => {
    using bench = new Bench(path)
    const keys = new Uint8Array(16 * 10)
    for (let i = 0; i < 10; i++) {
      keys.set(key4(i, 6), 16 * i)
      if (i % 3 !== 0) bench.put(i, { first: S })
    }
    bench.object.map('flows4').removeBatch(keys, 10)
    expect([1, 2, 4, 5, 7, 8].filter(id => bench.has(id))).toEqual([])
  })

  test('takes a value with its key, once', () => {
    using bench = new Bench(path)
    bench.put(3, { first: 5 * S, packets: 77 })
    const taken = new Uint8Array(200)
    expect(bench.object.map('flows4').take(key4(3, 6), taken)).toBe(true)
    expect(new DataView(taken.buffer).getUint32(0, true)).toBe(77)
    expect(bench.object.map('flows4').take(key4(3, 6), taken)).toBe(false)
  })
})
