import {
  type FlowReason,
  type FlowTableEntry,
  type RecordHandler,
} from '../../src/capture/source.ts'

type Handler = Omit<RecordHandler, 'flush'>
type Step = (handler: Handler) => void

/** What a source delivered, with memory of its own, to be delivered again and again. */
export class Recording {
  /** Whether what passes is kept. */
  isOn = false
  readonly #steps: Step[] = []

  get length(): number {
    return this.#steps.length
  }

  /** Delivers to the handler, and keeps it. */
  around(handler: Handler): RecordHandler {
    return {
      record: (view, offset, length) => {
        handler.record(view, offset, length)
        if (this.isOn) this.#keepRecord(view, offset, length)
      },
      flow: (entry, reason) => {
        handler.flow(entry, reason)
        if (this.isOn) this.#keepFlow(entry, reason)
      },
      flush: () => undefined,
    }
  }

  /** Steps from the one number to below the other. */
  play(handler: Handler, from: number, until: number): void {
    const end = Math.min(until, this.#steps.length)
    for (let at = from; at < end; at++) this.#steps[at]?.(handler)
  }

  #keepRecord(view: DataView, offset: number, length: number): void {
    const copy = copied(view, offset, length)
    this.#steps.push(handler => handler.record(copy, 0, length))
  }

  #keepFlow(entry: FlowTableEntry, reason: FlowReason): void {
    const { family, outer } = entry
    const key = copied(entry.key, entry.keyOffset)
    const value = copied(entry.value, entry.valueOffset)
    const kept: FlowTableEntry = {
      family,
      key,
      keyOffset: 0,
      value,
      valueOffset: 0,
      outer: outer && copied(outer, 0),
    }
    this.#steps.push(handler => handler.flow(kept, reason))
  }
}

/** What a flow's key and totals take at most. */
const entrySize = 512

function copied(view: DataView, offset: number, length = entrySize): DataView {
  const end = Math.min(view.byteLength, offset + length)
  return new DataView(view.buffer.slice(view.byteOffset + offset, view.byteOffset + end))
}
