import { ArpEvent } from './arp.ts'
import { type Clock } from './clock.ts'
import { FlowEvent } from './flow.ts'
import { FragmentEvent } from './fragment.ts'
import { IcmpEvent } from './icmp.ts'
import { MessageEvent } from './message.ts'
import { isNdpType, NdpEvent } from './ndp.ts'
import { eventFlags, eventKind, eventVersion, fixedSize, layout } from './record.ts'

/** What the kernel's records say, told apart by `kind`. */
export type KernelEvent = FlowEvent | ArpEvent | NdpEvent | IcmpEvent | MessageEvent | FragmentEvent

/** How many records were refused, and why: never a reason to stop, always one to report. */
export const refusedRecords = { version: 0, kind: 0, size: 0 }

const { at } = layout.event

/**
 * The event in the record (`struct event` of bpf/event.h and what follows it) at `offset` of `view`,
 * `length` bytes long. `undefined`, counted in `refusedRecords`, for a record of another version, of
 * an unknown kind, or shorter than it says. Reads nothing outside the record and keeps no
 * reference to its memory; never throws.
 */
export function decodeRecord(
  view: DataView,
  offset: number,
  length: number,
  clock: Clock,
): KernelEvent | undefined {
  if (length < at.body || offset < 0 || offset + length > view.byteLength) {
    refusedRecords.size++
    return undefined
  }
  if (view.getUint8(offset + at.version) !== eventVersion) {
    refusedRecords.version++
    return undefined
  }
  const kind = view.getUint8(offset + at.kind)
  if (neededSize(view, offset, kind) > length) {
    refusedRecords.size++
    return undefined
  }
  const event = construct(kind, view, offset, clock)
  if (event === undefined) refusedRecords.kind++
  return event
}

function neededSize(view: DataView, offset: number, kind: number): number {
  const flags = view.getUint16(offset + at.flags, true)
  const outer = (flags & eventFlags.EVENT_TUNNELLED) === 0 ? 0 : layout.event_outer.size
  return fixedSize(kind) + outer + view.getUint16(offset + at.size, true)
}

function construct(
  kind: number,
  view: DataView,
  offset: number,
  clock: Clock,
): KernelEvent | undefined {
  switch (kind) {
    case eventKind.EVENT_FLOW_START:
    case eventKind.EVENT_FLOW_END:
    case eventKind.EVENT_FLOW_UPDATE:
      return new FlowEvent(view, offset, clock)
    case eventKind.EVENT_MESSAGE:
      return new MessageEvent(view, offset, clock)
    case eventKind.EVENT_ARP:
      return new ArpEvent(view, offset, clock)
    case eventKind.EVENT_ICMP:
      return new IcmpEvent(view, offset, clock)
    case eventKind.EVENT_NDP:
      return isNdpType(view, offset) ? new NdpEvent(view, offset, clock) : undefined
    case eventKind.EVENT_FRAGMENT:
      return new FragmentEvent(view, offset, clock)
    default:
      return undefined
  }
}
