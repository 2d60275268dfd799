import { loadObject } from '../../../src/capture/bpf-object.ts'
import { type KernelCounters, readCounters } from '../../../src/capture/counters.ts'
import { FlowTable } from '../../../src/capture/flow-table.ts'
import { openHost } from '../../../src/capture/host.ts'
import { hostTable } from '../../../src/capture/host-table.ts'
import { type CaptureOptions } from '../../../src/capture/options.ts'
import { testRun } from '../../../src/capture/prog-test-run.ts'
import { RingReader } from '../../../src/capture/ring-buffer.ts'
import { mapRing } from '../../../src/capture/ring-map.ts'
import { settingsBytes } from '../../../src/capture/settings.ts'
import { unixClock } from '../../../src/decode/clock.ts'
import { decodeRecord, type KernelEvent } from '../../../src/decode/event.ts'
import { type FlowEvent } from '../../../src/decode/flow.ts'
import { decodeFlow } from '../../../src/decode/flow-table.ts'
import { type MessageEvent } from '../../../src/decode/message.ts'
import { l7 } from '../../../src/decode/record.ts'
import { capture } from '../../capture/support/options.ts'

/** A message that the kernel knows, or its early piece; not the first bytes of something else. */
export function isMessage(event: KernelEvent): event is MessageEvent {
  return event.kind === 'message' && event.l7 !== l7.L7_FIRST
}

/** The sensor's C, wherever it runs: packets in, records and tables out. */
export interface Probe {
  /** Longest packet that a test run takes. */
  readonly longest: number
  /** Shows one packet to the program. */
  feed(packet: Uint8Array, how?: How): void
  /** Copies of the records that came since the last call. */
  records(): Uint8Array[]
  /** The same, decoded; a record that cannot be decoded is a fault of the program. */
  events(): KernelEvent[]
  /** Leaves the records alone and forgets them. */
  skip(): void
  counters(): KernelCounters
  /** The conversations in the table. */
  flows(): FlowEvent[]
  [Symbol.dispose](): void
}

export interface How {
  /** `l3`: the packet begins with its IP header. */
  readonly link?: 'l2' | 'l3'
  readonly direction?: 'ingress' | 'egress'
  /** Of a merged packet. */
  readonly segments?: number
  readonly segmentSize?: number
  /** Bytes on the wire, when the capture cut the packet; in user space only. */
  readonly wire?: number
  /** ns; in user space only. The clock goes on by a microsecond a packet otherwise. */
  readonly time?: bigint
}

export interface ProbeOptions {
  readonly ring?: number
  /** What the program believes of the ring's size, to know when it fills up; 0 for nothing. */
  readonly ringKnown?: number
  readonly flows?: number
  readonly tunnels?: boolean
  readonly coarseClock?: boolean
  readonly limits?: Partial<CaptureOptions['limits']>
}

const none = { rate: 0, burst: 1 }
export const unlimited: CaptureOptions['limits'] = {
  flow_starts: none,
  arp: none,
  icmp: none,
  fragments: none,
}
const RING = 1 << 21

function settings(given: ProbeOptions) {
  const { ring = RING, ringKnown = ring, tunnels = true, coarseClock = true, limits } = given
  const options = capture({ tunnels, limits: { ...unlimited, ...limits } })
  const bytes = settingsBytes(options, coarseClock)
  new DataView(bytes.buffer).setBigUint64(64, BigInt(ringKnown), true)
  return bytes
}

export interface KernelProbe extends Probe {
  /** Descriptor of a program, to attach it. */
  program(link: 'l2' | 'l3', direction: 'ingress' | 'egress'): number
}

/** The program in the kernel, run without an interface. Needs root. */
export function kernelProbe(options: ProbeOptions = {}): KernelProbe {
  const flows = options.flows ?? 131_072
  const object = loadObject({
    settings: settings(options),
    maxEntries: { events: options.ring ?? RING, flows4: flows, flows6: flows },
  })
  const ring = mapRing(object.map('events'))
  const reader = new RingReader(ring)
  const tables = [new FlowTable(object.map('flows4'), 4), new FlowTable(object.map('flows6'), 6)]
  return {
    ...reading(reader),
    program: (link, direction) => object.program(`orthrus_${link}_${direction}`),
    longest: 3000, // a page less what the kernel puts around it
    feed(data, { link = 'l2', direction = 'ingress', segments, segmentSize } = {}) {
      const context = segments === undefined ? undefined : merged(data, segments, segmentSize)
      const program = object.program(`orthrus_${link}_${direction}`)
      const { returned } = testRun(program, { data, ...(context && { context }) })
      if (returned !== -1) throw new Error(`the program returned ${returned}, not TC_ACT_UNSPEC`)
    },
    counters: () => readCounters(object.map('counters')),
    flows: () => tables.flatMap(entries),
    [Symbol.dispose]() {
      ring.unmap()
      object.close()
    },
  }
}

/** struct __sk_buff with what a merged packet says. */
function merged(data: Uint8Array, segments: number, segmentSize = 0): Uint8Array {
  const context = new DataView(new ArrayBuffer(192))
  context.setUint32(164, segments, true)
  context.setUint32(160, segments > 1 ? data.length : 0, true) // wire_len
  context.setUint32(176, segmentSize, true)
  return new Uint8Array(context.buffer)
}

/** The program as a library. */
export function hostProbe(options: ProbeOptions = {}): Probe {
  const host = openHost({
    settings: settings(options),
    ringSize: options.ring ?? RING,
    flows: options.flows ?? 131_072,
  })
  let clock = 1_790_000_000_000_000_000n
  const tables = [hostTable(host, 4), hostTable(host, 6)] as const
  return {
    ...reading(host.reader),
    longest: 65_535,
    feed(data, { link = 'l2', direction = 'ingress', segments, time, wire } = {}) {
      if (direction === 'egress' || segments) throw new Error('a capture does not say that')
      clock = time ?? clock + 1000n
      const batch = packed(data, link, clock, wire)
      const taken = host.feed(batch, 0, batch.length, 2n ** 63n)
      if (taken !== batch.length) throw new Error('the ring is full')
    },
    counters: () => host.counters(),
    flows: () => tables.flatMap(entries),
    [Symbol.dispose]: () => host.close(),
  }
}

const LINKTYPE_ETHERNET = 1
const LINKTYPE_RAW = 101
const LOOPBACK = 1 // what a test run without context gives as interface

function packed(data: Uint8Array, link: 'l2' | 'l3', time: bigint, wire = data.length): Buffer {
  // What stands behind the packet must not be read.
  const length = 24 + ((data.length + 7) & ~7)
  const batch = Buffer.alloc(length + 64, 0xee).subarray(0, length)
  batch.writeBigUInt64LE(time, 0)
  batch.writeUInt32LE(data.length, 8)
  batch.writeUInt32LE(wire, 12)
  batch.writeUInt32LE(LOOPBACK, 16)
  batch.writeUInt16LE(link === 'l2' ? LINKTYPE_ETHERNET : LINKTYPE_RAW, 20)
  batch.set(data, 24)
  return batch
}

function reading(reader: RingReader): Pick<Probe, 'records' | 'events' | 'skip'> {
  function drain(record: (view: DataView, offset: number, length: number) => void): void {
    while (reader.drain({ record }) > 0);
  }
  return {
    skip: () => drain(() => undefined),
    records() {
      const out: Uint8Array[] = []
      drain((view, offset, length) => out.push(new Uint8Array(view.buffer, offset, length).slice()))
      return out
    },
    events() {
      const out: KernelEvent[] = []
      drain((view, offset, length) => {
        const event = decodeRecord(view, offset, length, unixClock)
        if (event === undefined) throw new Error(`a record of ${length} bytes cannot be decoded`)
        out.push(event)
      })
      return out
    },
  }
}

function entries(table: FlowTable | ReturnType<typeof hostTable>): FlowEvent[] {
  const out: FlowEvent[] = []
  table.rewind()
  for (let last = false; !last; ) {
    const read = table.read()
    const { count, keyView, valueView } = read.slice
    for (let i = 0; i < count; i++) {
      const event = decodeFlow(
        {
          family: table.family,
          key: keyView,
          keyOffset: i * table.map.keySize,
          value: valueView,
          valueOffset: i * table.map.valueSize,
        },
        'update',
        unixClock,
      )
      if (event) out.push(event)
    }
    last = read.last
  }
  return out
}
