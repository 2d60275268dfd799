import { eventKind, layout } from '../../../src/decode/record.ts'

const { at } = layout.event
const flowTimes = [layout.event_flow.at.first, layout.event_flow.at.last]
const flowKinds: readonly number[] = [eventKind.EVENT_FLOW_START, eventKind.EVENT_FLOW_END]

/** The record in hexadecimal without its times, the only difference between kernel and library. */
export function timeless(record: Uint8Array): string {
  const bytes = Buffer.from(record)
  bytes.fill(0, at.time, at.time + 8)
  if (flowKinds.includes(bytes[at.kind] ?? 0)) {
    for (const offset of flowTimes) bytes.fill(0, at.body + offset, at.body + offset + 8)
  }
  return bytes.toString('hex')
}
