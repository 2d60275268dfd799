import { type BpfMap } from './bpf-map.ts'

/** Classes of news in the order of enum event_class. */
export const newsClasses = [
  'flowStart',
  'flowEnd',
  'arp',
  'icmp',
  'ndp',
  'name',
  'message',
  'fragment',
] as const

export type NewsClass = (typeof newsClasses)[number]
export type ClassCounts = Record<NewsClass, number>

/** struct counters of bpf/event.h, summed over the CPUs. */
export interface KernelCounters {
  packets: number
  bytes: number
  /** Entries made in the flow table. */
  flows: number
  /** Entries that the table refused. */
  flowsFailed: number
  /** Packets of a conversation that is counted on another interface. */
  otherPath: number
  fragments: number
  fragmentsLost: number
  malformed: number
  truncated: number
  notIp: number
  tunnelled: number
  /** Entries that a SYN on a closed connection made the next conversation. */
  reopened: number
  /** Records by class: sent, held back by a source's budget, given up under pressure, ring full. */
  sent: ClassCounts
  held: ClassCounts
  shed: ClassCounts
  lost: ClassCounts
}

export interface SourceCounters {
  readonly kernel: KernelCounters
  /** Records read from the ring buffer. */
  readonly records: number
  /** Reports made from the flow table. */
  readonly flowUpdates: number
  readonly flowEnds: number
  /** Flows in the table at the last sweep. */
  readonly flowsLive: number
  /** Flows that the full table pushed out before we saw their end (estimate). */
  readonly flowsEvicted: number
  /** Bytes in the ring buffer that wait for us, and its size. */
  readonly ringBacklog: number
  readonly ringSize: number
}

const scalars = [
  'packets',
  'bytes',
  'flows',
  'flowsFailed',
  'otherPath',
  'fragments',
  'fragmentsLost',
  'malformed',
  'truncated',
  'notIp',
  'tunnelled',
  'reopened',
] as const

const CLASSES_AT = 128
const SETS = ['sent', 'held', 'shed', 'lost'] as const
const COUNTERS_SIZE = CLASSES_AT + SETS.length * newsClasses.length * 8

/** Reads the per-CPU map `counters` and adds the CPUs up. */
export function readCounters(map: BpfMap): KernelCounters {
  const { bytes, stride } = map.lookupPerCpu(new Uint32Array(1))
  return sumCounters(bytes, stride)
}

/** Adds up copies of struct counters that stand `stride` bytes apart. */
export function sumCounters(bytes: Uint8Array, stride: number): KernelCounters {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const total = noCounters()
  for (let at = 0; at + COUNTERS_SIZE <= view.byteLength; at += stride) {
    for (const [i, name] of scalars.entries()) total[name] += readU64(view, at + 8 * i)
    for (const [set, name] of SETS.entries()) {
      const from = at + CLASSES_AT + set * newsClasses.length * 8
      for (const [i, kind] of newsClasses.entries())
        total[name][kind] += readU64(view, from + 8 * i)
    }
  }
  return total
}

/** All zero. */
export function noCounters(): KernelCounters {
  const counts = Object.fromEntries(scalars.map(name => [name, 0]))
  const sets = SETS.map(name => [name, Object.fromEntries(newsClasses.map(kind => [kind, 0]))])
  return { ...counts, ...Object.fromEntries(sets) } as unknown as KernelCounters
}

/** The counters of a source before its first packet. */
export function noSourceCounters(): SourceCounters {
  return {
    kernel: noCounters(),
    records: 0,
    flowUpdates: 0,
    flowEnds: 0,
    flowsLive: 0,
    flowsEvicted: 0,
    ringBacklog: 0,
    ringSize: 0,
  }
}

/** A u64 as a double: exact up to 2^53. */
export function readU64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32
}
