import { type RecordHandler } from '../capture/source.ts'
import { type Clock } from '../decode/clock.ts'
import { decodeRecord, type KernelEvent } from '../decode/event.ts'
import { decodeFlow } from '../decode/flow-table.ts'

/** From the source's records and flow table to events, in the order of the packets. */
export function eventHandler(
  clock: Clock,
  take: (event: KernelEvent) => void,
): Omit<RecordHandler, 'flush'> {
  return {
    record(view, offset, length) {
      const event = decodeRecord(view, offset, length, clock)
      if (event !== undefined) take(event)
    },
    flow(entry, reason) {
      const event = decodeFlow(entry, reason, clock)
      if (event !== undefined) take(event)
    },
  }
}
