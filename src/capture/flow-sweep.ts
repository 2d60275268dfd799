import {
  endIsReported,
  FLOW_STARTED,
  type FlowState,
  type FlowTimeouts,
  flowState,
  readFlowState,
  timeoutOf,
} from './flow-state.ts'
import { type Slice } from './flow-table.ts'
import { type FlowReason, type FlowTableEntry, type RecordHandler } from './source.ts'

/** A flow table to sweep: the kernel's, or that of a replay. */
export interface SweptTable {
  readonly family: 4 | 6
  readonly map: {
    readonly keySize: number
    readonly valueSize: number
    /** Removes an entry and reads its last value; false when it is gone. */
    take(key: Uint8Array, value: Uint8Array): boolean
  }
  rewind(): void
  read(): { slice: Slice; last: boolean }
}

/** The outer ends of tunnelled flows, by struct flow_key6. */
export interface OuterEnds {
  lookup(key: Uint8Array, into: DataView): boolean
}

export interface SweepOptions {
  readonly timeouts: FlowTimeouts
  /** ns between two updates of a long flow. */
  readonly updateInterval: number
}

export interface SweepCounts {
  updates: number
  ends: number
  /** Entries that we deleted, reported or not. */
  removed: number
  /** Entries at the last whole cycle. */
  live: number
}

// The kernel's coarse clock lags up to a tick, and an entry is inserted after its time was taken.
const MARGIN = 50e6

const OUTER_SIZE = 32
const TUNNEL_BYTE = 176

/**
 * Goes through the flow tables in cycles. Which update is due follows from the times alone: a flow is
 * reported in the one cycle whose start lies behind the next multiple of the interval since its first
 * packet. So nothing is kept for a flow, and nothing is written to an entry that the kernel counts
 * in at the same moment: an update from here would overwrite counts, since bpf(2) has no partial one.
 */
export class FlowSweep {
  readonly counts: SweepCounts = { updates: 0, ends: 0, removed: 0, live: 0 }
  readonly #tables: readonly SweptTable[]
  readonly #outers: OuterEnds | undefined
  readonly #options: SweepOptions
  readonly #state: FlowState = flowState()
  readonly #outer = new DataView(new ArrayBuffer(OUTER_SIZE))
  readonly #entry: FlowTableEntry = {
    family: 4,
    key: this.#outer,
    keyOffset: 0,
    value: this.#outer,
    valueOffset: 0,
    outer: undefined,
  }
  readonly #wideKey = new Uint8Array(40)
  #table = 0
  #live = 0
  #cycle = 0
  #previous = 0
  #final = false

  constructor(tables: readonly SweptTable[], outers: OuterEnds | undefined, options: SweepOptions) {
    this.#tables = tables
    this.#outers = outers
    this.#options = options
  }

  /** Begins a cycle at `now`, CLOCK_MONOTONIC in ns. In a `final` one every flow ends. */
  begin(now: number, final = false): void {
    this.#previous = this.#cycle
    this.#cycle = now - MARGIN
    this.#final = final
    this.#table = 0
    this.#live = 0
    for (const table of this.#tables) table.rewind()
  }

  /** One slice of the cycle; false when that was the last. */
  step(handler: RecordHandler): boolean {
    const table = this.#tables[this.#table]
    if (table === undefined) return false
    const { slice, last } = table.read()
    this.#live += this.#walk(table, slice, handler)
    if (last) this.#table++
    if (this.#table < this.#tables.length) return true
    this.counts.live = this.#live
    return false
  }

  /** Returns how many of the slice stay in the table. */
  #walk(table: SweptTable, slice: Slice, handler: RecordHandler): number {
    const { keySize, valueSize } = table.map
    const words = new Uint32Array(slice.values.buffer)
    const protocolAt = keySize - 4
    let kept = slice.count
    for (let i = 0; i < slice.count; i++) {
      const protocol = slice.keys[i * keySize + protocolAt] ?? 0
      readFlowState(this.#state, words, (i * valueSize) >> 2, protocol)
      const verdict = this.#judge(this.#state)
      if (verdict === 'keep') continue
      if (verdict !== 'update' && !this.#final) kept -= this.#remove(table.map, slice, i)
      if (verdict === 'late') this.#report(table, slice, i, 'update', handler)
      else if (verdict !== 'drop') this.#report(table, slice, i, verdict, handler)
    }
    return kept
  }

  /**
   * Reads and deletes in one step: no packet falls between the last reading and the removal. An
   * entry that was evicted meanwhile leaves `value` as it was read.
   */
  #remove(map: SweptTable['map'], { keys, values }: Slice, i: number): number {
    const key = keys.subarray(i * map.keySize, (i + 1) * map.keySize)
    const value = values.subarray(i * map.valueSize, (i + 1) * map.valueSize)
    if (map.take(key, value)) this.counts.removed++
    return 1
  }

  /** `late`: packets came after the reported end, so its totals are told once more. */
  #judge(flow: FlowState): FlowReason | 'keep' | 'drop' | 'late' {
    if (this.#final || this.#cycle - flow.last > timeoutOf(flow, this.#options.timeouts)) {
      if (!endIsReported(flow)) return 'end'
      return flow.packets === flow.endedPackets ? 'drop' : 'late'
    }
    return !endIsReported(flow) && this.#updateIsDue(flow) ? 'update' : 'keep'
  }

  #updateIsDue({ first, last, flags }: FlowState): boolean {
    const interval = this.#options.updateInterval
    if (first > this.#previous && first <= this.#cycle && (flags & FLOW_STARTED) === 0) return true
    const now = Math.floor((this.#cycle - first) / interval)
    const before = Math.max(0, Math.floor((this.#previous - first) / interval))
    // Silent since the last update: there is nothing to tell.
    return now > before && last > first + (now - 1) * interval
  }

  #report(
    { family, map }: SweptTable,
    { keys, keyView, values, valueView }: Slice,
    i: number,
    reason: FlowReason,
    handler: RecordHandler,
  ): void {
    this.counts[reason === 'end' ? 'ends' : 'updates']++
    const entry = this.#entry
    entry.family = family
    entry.key = keyView
    entry.keyOffset = i * map.keySize
    entry.value = valueView
    entry.valueOffset = i * map.valueSize
    entry.outer =
      values[entry.valueOffset + TUNNEL_BYTE] === 0
        ? undefined
        : this.#findOuter(family, keys.subarray(entry.keyOffset, entry.keyOffset + map.keySize))
    handler.flow(entry, reason)
  }

  /** The map `outers` has the key of flows6; an IPv4 flow stands there with its addresses first. */
  #findOuter(family: 4 | 6, key: Uint8Array): DataView | undefined {
    if (this.#outers === undefined) return undefined
    const wide = family === 6 ? key : this.#widen(key)
    return this.#outers.lookup(wide, this.#outer) ? this.#outer : undefined
  }

  #widen(key: Uint8Array): Uint8Array {
    this.#wideKey.set(key.subarray(0, 4), 0)
    this.#wideKey.set(key.subarray(4, 8), 16)
    this.#wideKey.set(key.subarray(8, 16), 32)
    return this.#wideKey
  }
}
