import { type Clock } from './clock.ts'
import { MacAddress } from './mac.ts'
import { Packet } from './packet.ts'
import { PacketEvent } from './packet-event.ts'
import { eventFlags, layout, payloadOffset, payloadSize } from './record.ts'

const { at } = layout.event

/** RFC 826: the fixed part, and the whole packet for Ethernet and IPv4. */
const headSize = 8
const etherSize = 28

export type ArpAction = 'request' | 'reply' | 'probe' | 'announcement' | 'other'

/**
 * An ARP packet for IPv4 over Ethernet: source is the sender, destination the target, as the packet
 * says them. Of other ARP packets only the operation and the frame's MACs are known: family is 0.
 */
export class ArpEvent extends PacketEvent<'arp'> {
  /** As in the packet: 1 request, 2 reply, others rare; 0 when the packet is cut before it. */
  declare readonly operation: number
  declare readonly action: ArpAction
  /** The frame's source when it is not the sender that the packet names. */
  declare readonly ethernetSource: MacAddress | undefined

  constructor(view: DataView, offset: number, clock: Clock) {
    super('arp', new Packet(arpRecord(view, offset), 0, clock, false))
    const payload = payloadOffset(view, offset)
    const size = payloadSize(view, offset)
    this.operation = size >= headSize ? view.getUint16(payload + 6) : 0
    this.action = actionOf(this)
    const frame = MacAddress.read(view, offset + at.src_mac)
    this.ethernetSource = isOther(frame, this) ? frame : undefined
  }
}

/** The addresses stand in the packet, so a copy of the record gets them before it is decoded. */
const copy = new DataView(new ArrayBuffer(at.body + layout.event_outer.size))

function arpRecord(view: DataView, offset: number): DataView {
  const payload = payloadOffset(view, offset)
  for (let from = offset, to = 0; from < payload; from += 4, to += 4) {
    copy.setInt32(to, view.getInt32(from))
  }
  // A sender is the source, in a reply too.
  const flags = view.getUint16(offset + at.flags, true)
  copy.setUint16(at.flags, flags & ~eventFlags.EVENT_REPLY, true)
  for (let byte = at.src; byte < at.src + 32; byte += 4) copy.setInt32(byte, 0)
  copy.setUint8(at.family, 0)
  copy.setUint8(at.protocol, 0)
  copy.setUint32(at.src_port, 0)
  if (isEthernetIpv4(view, payload, payloadSize(view, offset))) {
    copy.setUint8(at.family, 4)
    copyMac(view, payload + 8, at.src_mac)
    copy.setInt32(at.src, view.getInt32(payload + 14))
    copyMac(view, payload + 18, at.dst_mac)
    copy.setInt32(at.dst, view.getInt32(payload + 24))
  }
  return copy
}

function copyMac(view: DataView, from: number, to: number): void {
  for (let byte = 0; byte < 6; byte++) copy.setUint8(to + byte, view.getUint8(from + byte))
}

/** Hardware type 1 (or 6, IEEE 802), protocol type IPv4, lengths 6 and 4. */
function isEthernetIpv4(view: DataView, payload: number, size: number): boolean {
  if (size < etherSize) return false
  const hardware = view.getUint16(payload)
  const lengths = view.getUint16(payload + 4)
  return (
    (hardware === 1 || hardware === 6) &&
    view.getUint16(payload + 2) === 0x0800 &&
    lengths === 0x0604
  )
}

function actionOf({ operation, family, source0, destination0 }: ArpEvent): ArpAction {
  if (operation !== 1 && operation !== 2) return 'other'
  // RFC 5227 1.1 and 2.3: a probe does not know its sender yet, an announcement asks for itself.
  if (family === 4 && operation === 1 && source0 === 0) return 'probe'
  if (family === 4 && source0 !== 0 && source0 === destination0) return 'announcement'
  return operation === 1 ? 'request' : 'reply'
}

function isOther(frame: MacAddress, { sourceMacHigh, sourceMacLow }: ArpEvent): boolean {
  if ((frame.high | frame.low) === 0) return false
  return frame.high !== sourceMacHigh || frame.low !== sourceMacLow
}
