import { copyPayload } from './bytes.ts'
import { type Clock } from './clock.ts'
import { Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { layout } from './record.ts'

const body = layout.event.at.body
const { at } = layout.event_fragment

/**
 * One fragment of a datagram. Source is its sender even when the conversation's responder sent it,
 * because only the first fragment has ports to tell, and all of one datagram must agree.
 */
export class FragmentEvent extends PacketEvent<'fragment'> {
  /** Identification of the datagram, unique with addresses and protocol. */
  declare readonly id: number
  /** Where its bytes belong in the datagram. */
  declare readonly fragmentOffset: number
  /** Whether later fragments follow. */
  declare readonly more: boolean
  /** The copied bytes, in memory of their own. */
  declare readonly bytes: Buffer

  constructor(view: DataView, offset: number, clock: Clock) {
    super('fragment', new Packet(view, offset, clock, false))
    this.id = view.getUint32(offset + body + at.id, true)
    this.fragmentOffset = view.getUint16(offset + body + at.offset, true)
    this.more = view.getUint8(offset + body + at.more) !== 0
    this.bytes = copyPayload(view, offset)
  }

  /** Not known: only a whole datagram has its ports. */
  override get communityId(): undefined {
    return undefined
  }
}
