import { type SourceCounters } from './counters.ts'
import { type RecordTaker } from './ring-buffer.ts'

/**
 * Why a flow is reported from the table: `update` while it lives (also the first time one is heard
 * of whose start was held back: FLOW_STARTED is not set), `end` for the last time.
 */
export type FlowReason = 'update' | 'end'

/**
 * An entry of the kernel's flow table (bpf/event.h): struct flow_key4 or flow_key6 at `keyOffset`,
 * struct flow at `valueOffset`. The object and its memory are used again for the next entry.
 */
export interface FlowTableEntry {
  family: 4 | 6
  key: DataView
  keyOffset: number
  value: DataView
  valueOffset: number
  /** struct event_outer, for a conversation inside a tunnel. */
  outer: DataView | undefined
}

/** What a source delivers to. All memory that is handed over is valid only during the call. */
export interface RecordHandler extends RecordTaker {
  flow(entry: FlowTableEntry, reason: FlowReason): void
  /** A run of records and flows is over: the time to hand on what was gathered. */
  flush?(): void
}

/**
 * What to add to the kernel's time to get time since the Unix epoch. Live it is CLOCK_REALTIME minus
 * CLOCK_MONOTONIC and follows when somebody sets the clock; in a replay it is zero.
 */
export interface SourceClock {
  readonly offsetNs: bigint
  /** The same in µs, exact to a quarter of one. */
  readonly offset: number
}

/** Where records come from: live interfaces or a capture file. */
export interface Source {
  readonly clock: SourceClock
  /** Delivers until the input ends or `stop` is called; rejects when it cannot begin or go on. */
  run(handler: RecordHandler): Promise<void>
  /** Takes no more packets, delivers what is under way, and lets `run` resolve. */
  stop(): Promise<void>
  counters(): SourceCounters
  /** Total cost of the programs, where a kernel runs them and counts it. */
  kernelTime?(): KernelTime
}

/** While `kernel.bpf_stats_enabled` is 1. */
export interface KernelTime {
  readonly ns: number
  readonly runs: number
}
