import {
  type FlowReason,
  type FlowTableEntry,
  type RecordHandler,
} from '../../src/capture/source.ts'
import { eventKind, layout, payloadOffset } from '../../src/decode/record.ts'

type Handler = Omit<RecordHandler, 'flush'>

/** One delivery with memory of its own, and where addresses of ours and MACs stand in it. */
interface Step {
  readonly deliver: (handler: Handler) => void
  readonly addresses: readonly Uint8Array[]
  readonly macs: readonly Uint8Array[]
}

const { event, flow, flow_key4: key4 } = layout

/**
 * What a source delivered, to be delivered again, from as many networks as wanted: each is a copy with
 * 10.N.0.0/16 instead of 192.168.0.0/16 and MACs of its own. IPv6 is only in the first.
 */
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

  /** The step of that number, once for each network. */
  play(handler: Handler, at: number, networks: number): void {
    const step = this.#steps[at]
    if (step === undefined) return
    step.deliver(handler)
    if (step.addresses.length === 0) return
    for (let network = 1; network < networks; network++) {
      move(step, network)
      step.deliver(handler)
      move(step, network) // back
    }
  }

  #keepRecord(view: DataView, offset: number, length: number): void {
    const copy = copied(view, offset, length)
    const addresses: number[] = [event.at.src, event.at.dst]
    const macs: number[] = [event.at.src_mac, event.at.dst_mac]
    if (copy.getUint8(event.at.kind) === eventKind.EVENT_ARP) {
      const payload = payloadOffset(copy, 0)
      addresses.push(payload + 14, payload + 24)
      macs.push(payload + 8, payload + 18)
    }
    this.#steps.push({
      deliver: handler => handler.record(copy, 0, length),
      addresses: ours(copy, addresses),
      macs: cards(copy, macs),
    })
  }

  #keepFlow(entry: FlowTableEntry, reason: FlowReason): void {
    const { family, outer } = entry
    const key = copied(entry.key, entry.keyOffset)
    const value = copied(entry.value, entry.valueOffset)
    const places = { key, keyOffset: 0, value, valueOffset: 0 }
    const kept: FlowTableEntry = { family, ...places, outer: outer && copied(outer, 0) }
    this.#steps.push({
      deliver: handler => handler.flow(kept, reason),
      addresses: family === 4 ? ours(key, [key4.at.addr, key4.at.addr + 4]) : [],
      macs: cards(value, [flow.at.mac, flow.at.mac + 6]),
    })
  }
}

/** To another network, and with the same number back. */
function move({ addresses, macs }: Step, network: number): void {
  for (const bytes of addresses) {
    bytes[0] = (bytes[0] ?? 0) ^ 192 ^ 10
    bytes[1] = (bytes[1] ?? 0) ^ 168 ^ network
  }
  for (const bytes of macs) bytes[4] = (bytes[4] ?? 0) ^ network
}

function ours(view: DataView, offsets: readonly number[]): Uint8Array[] {
  return pieces(view, offsets, 4).filter(([first, second]) => first === 192 && second === 168)
}

/** Those of single cards, not of groups. */
function cards(view: DataView, offsets: readonly number[]): Uint8Array[] {
  return pieces(view, offsets, 6).filter(([first = 1]) => (first & 1) === 0)
}

function pieces(view: DataView, offsets: readonly number[], size: number): Uint8Array[] {
  return offsets
    .filter(at => at + size <= view.byteLength)
    .map(at => new Uint8Array(view.buffer, view.byteOffset + at, size))
}

/** What a flow's key and totals take at most. */
const entrySize = 512

function copied(view: DataView, offset: number, length = entrySize): DataView {
  const end = Math.min(view.byteLength, offset + length)
  return new DataView(view.buffer.slice(view.byteOffset + offset, view.byteOffset + end))
}
