import { milliseconds } from '../config/duration.ts'
import { type BpfObject } from './bpf-object.ts'
import { type KernelClock } from './clock.ts'
import { type KernelCounters, readCounters, type SourceCounters } from './counters.ts'
import { FlowSweep } from './flow-sweep.ts'
import { FlowTable } from './flow-table.ts'
import { type CaptureOptions } from './options.ts'
import { type RingReader } from './ring-buffer.ts'
import { pumpRing } from './ring-pump.ts'
import { type RecordHandler } from './source.ts'
import { sweepOptions } from './sweep-options.ts'
import { runSweeps } from './sweeper.ts'

/** What a session works with. */
export interface SessionParts {
  readonly capture: CaptureOptions
  readonly object: BpfObject
  readonly reader: RingReader
  readonly clock: KernelClock
}

/** From attaching to detaching: the ring is drained, the flow tables are swept. */
export interface Session {
  /** Settles at `end`, or rejects with what a handler or the kernel threw. */
  readonly over: Promise<void>
  end(): void
  /** Ends the session as failed. */
  fail(error: unknown): void
  /** After detaching: delivers what is left in the ring, then the end of every flow. */
  finish(): void
  counters(): SourceCounters
}

const CLOCK_INTERVAL = 5000

/** Starts to deliver to `handler`. */
export function startSession(parts: SessionParts, handler: RecordHandler): Session {
  const { object, reader, clock, capture } = parts
  const counterMap = object.map('counters')
  const sweep = makeSweep(parts)
  const evictions = countEvictions(sweep, () => readCounters(counterMap))
  const { promise, resolve, reject } = outcome()
  const pump = pumpRing(object.map('events').fd, reader, handler, reject)
  const sweeper = runSweeps(sweep, handler, milliseconds(capture.flow.sweep_interval), {
    drain: pump.drain,
    begun: evictions.begun,
    done: evictions.done,
    failed: reject,
  })
  const timer = setInterval(clock.sample, CLOCK_INTERVAL)
  return {
    over: promise,
    end() {
      clearInterval(timer)
      sweeper.stop()
      pump.stop()
      resolve()
    },
    fail: reject,
    finish() {
      pump.drain()
      sweeper.finish()
    },
    counters: () => ({
      ...idleCounters(parts),
      records: pump.records,
      flowUpdates: sweep.counts.updates,
      flowEnds: sweep.counts.ends,
      flowsLive: sweep.counts.live,
      flowsEvicted: evictions.count,
    }),
  }
}

/** The counters of a source that has delivered nothing. */
export function idleCounters({ object, reader }: SessionParts): SourceCounters {
  return {
    kernel: readCounters(object.map('counters')),
    records: 0,
    flowUpdates: 0,
    flowEnds: 0,
    flowsLive: 0,
    flowsEvicted: 0,
    ringBacklog: reader.backlog,
    ringSize: reader.size,
  }
}

function makeSweep({ object, capture }: SessionParts): FlowSweep {
  const tables = [new FlowTable(object.map('flows4'), 4), new FlowTable(object.map('flows6'), 6)]
  return new FlowSweep(tables, object.map('outers'), sweepOptions(capture))
}

/** What was made before a cycle and neither removed by us nor found in it, the full table dropped. */
function countEvictions(sweep: FlowSweep, kernel: () => KernelCounters) {
  let made = 0
  const evictions = {
    count: 0,
    begun() {
      made = kernel().flows
    },
    done() {
      const missing = made - sweep.counts.removed - sweep.counts.live
      evictions.count = Math.max(evictions.count, missing)
    },
  }
  return evictions
}

function outcome() {
  let resolve = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
