import { unixClock } from '../../src/decode/clock.ts'
import { MessageEvent } from '../../src/decode/message.ts'
import { eventFlags, eventKind, l7 } from '../../src/decode/record.ts'
import { type Head, messageBody, record } from './records.ts'

export interface PieceOptions extends Head {
  readonly seq: number
  readonly bytes: Uint8Array
  /** Where its message begins; a piece without is one whose meaning is open. */
  readonly start?: number
  readonly l7?: number
  readonly fromResponder?: boolean
}

/** A piece of a TLS message (unless said otherwise), as the kernel sends it. */
export function piece({ seq, bytes, start, fromResponder, ...more }: PieceOptions): MessageEvent {
  const known = start === undefined ? 0 : (more.l7 ?? l7.L7_TLS)
  const part = { seq: seq >>> 0, start: (start ?? seq) >>> 0, end: 0, length: bytes.length }
  const flags = eventFlags.EVENT_ON_LINK | (fromResponder ? eventFlags.EVENT_REPLY : 0)
  const head: Head = { kind: eventKind.EVENT_MESSAGE, payload: bytes, flags, ...more }
  return new MessageEvent(record(head, messageBody({ ...part, l7: known })), 0, unixClock)
}
