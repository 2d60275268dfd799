import { monotonicNow } from './clock.ts'
import { type FlowSweep } from './flow-sweep.ts'
import { type RecordHandler } from './source.ts'

export interface SweepHooks {
  /** Before each slice, so that a flow's start is delivered before what the table says of it. */
  drain(): void
  begun(): void
  done(): void
  failed(error: unknown): void
}

export interface Sweeper {
  /** Ends every flow that is left, after stopping. */
  finish(): void
  stop(): void
}

/** Runs a sweep every `interval` ms, one slice for each turn of the event loop. */
export function runSweeps(
  sweep: FlowSweep,
  handler: RecordHandler,
  interval: number,
  hooks: SweepHooks,
): Sweeper {
  let turn: NodeJS.Immediate | undefined
  const timer = setInterval(begin, interval)

  function begin(): void {
    if (turn !== undefined) return // a huge table: the cycle before is still under way
    guarded(() => {
      sweep.begin(monotonicNow())
      hooks.begun()
      turn = setImmediate(slice)
    })
  }

  function slice(): void {
    guarded(() => {
      hooks.drain()
      const more = sweep.step(handler)
      handler.flush?.()
      turn = more ? setImmediate(slice) : undefined
      if (!more) hooks.done()
    })
  }

  function guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      stop()
      hooks.failed(error)
    }
  }

  function stop(): void {
    clearInterval(timer)
    clearImmediate(turn)
    turn = undefined
  }

  return {
    stop,
    finish() {
      stop()
      sweep.begin(monotonicNow(), true)
      while (sweep.step(handler)) handler.flush?.()
      handler.flush?.()
    },
  }
}
