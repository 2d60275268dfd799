import { copyPayload } from './bytes.ts'
import { type Clock } from './clock.ts'
import { isReply, Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { applicationName } from './protocol.ts'
import { layout } from './record.ts'

const body = layout.event.at.body
const { at } = layout.event_message

/** Bytes of an application message, sent by the source unless `fromResponder`. */
export class MessageEvent extends PacketEvent<'message'> {
  /** TCP sequence number of the first byte; 0 for datagrams. Unsigned, wraps at 2^32. */
  declare readonly seq: number
  /** Sequence number where the message starts. */
  declare readonly start: number
  /** Where it ends, as far as known; equal to `start` when not known. */
  declare readonly end: number
  /** Payload bytes of the packet, copied or not. */
  declare readonly length: number
  /** `enum l7`: what the first bytes said. */
  declare readonly l7: number
  /** The copied bytes, in memory of their own. */
  declare readonly bytes: Buffer

  constructor(view: DataView, offset: number, clock: Clock) {
    super('message', new Packet(view, offset, clock, isReply(view, offset)))
    this.seq = view.getUint32(offset + body + at.seq, true)
    this.start = view.getUint32(offset + body + at.start, true)
    this.end = view.getUint32(offset + body + at.end, true)
    this.length = view.getUint32(offset + body + at.length, true)
    this.l7 = view.getUint8(offset + body + at.l7)
    this.bytes = copyPayload(view, offset)
  }

  /** `dns`, `tls` …, `undefined` where the content is not known yet. */
  get application(): string | undefined {
    return applicationName(this.l7)
  }
}
