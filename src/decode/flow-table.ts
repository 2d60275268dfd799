import { type Clock } from './clock.ts'
import { type FlowAction, FlowEvent } from './flow.ts'
import { eventFlags, eventKind, eventVersion, flowFlags, historyMax, layout } from './record.ts'

const { event, event_flow, event_outer, flow, flow_key4, flow_key6, flow_side, flow_totals } =
  layout

/** A map entry is written here as the record that the kernel would have sent, then decoded as one. */
const record = new DataView(new ArrayBuffer(event.size + event_outer.size))

/** Where an entry of a flow map stands: its key (of IPv4 or IPv6) and its value in two views. */
export interface FlowEntry {
  readonly family: 4 | 6
  readonly key: DataView
  readonly keyOffset: number
  readonly value: DataView
  readonly valueOffset: number
  /** `struct event_outer`, where the conversation runs in a tunnel and its ends are known. */
  readonly outer?: DataView | undefined
}

/**
 * The event of an entry of the kernel's flow table; its time is that of the conversation's last
 * packet. `undefined` when the views are too short for the structs of bpf/event.h.
 */
export function decodeFlow(
  entry: FlowEntry,
  action: Exclude<FlowAction, 'start'>,
  clock: Clock,
): FlowEvent | undefined {
  const keySize = entry.family === 4 ? flow_key4.size : flow_key6.size
  if (!fits(entry.key, entry.keyOffset, keySize)) return undefined
  if (!fits(entry.value, entry.valueOffset, flow.size)) return undefined
  const { value, valueOffset } = entry
  const opener = value.getUint8(valueOffset + flow.at.opener) & 1
  writeHead(entry, action)
  writeAddresses(entry, opener)
  writeTotals(value, valueOffset, opener)
  writeOuter(entry.outer)
  return new FlowEvent(record, 0, clock)
}

function fits(view: DataView, offset: number, size: number): boolean {
  return offset >= 0 && offset + size <= view.byteLength
}

function writeHead(
  { family, key, keyOffset, value, valueOffset }: FlowEntry,
  action: string,
): void {
  const keyProtocol = family === 4 ? flow_key4.at.protocol : flow_key6.at.protocol
  const kind = action === 'end' ? eventKind.EVENT_FLOW_END : eventKind.EVENT_FLOW_UPDATE
  record.setUint8(event.at.version, eventVersion)
  record.setUint8(event.at.kind, kind)
  record.setUint8(event.at.family, family)
  record.setUint8(event.at.protocol, key.getUint8(keyOffset + keyProtocol))
  record.setUint32(event.at.ifindex, value.getUint32(valueOffset + flow.at.ifindex, true), true)
  record.setUint16(event.at.flags, eventFlagsOf(value.getUint8(valueOffset + flow.at.flags)), true)
  record.setUint16(event.at.vlan, value.getUint16(valueOffset + flow.at.vlan, true), true)
  record.setUint16(
    event.at.inner_vlan,
    value.getUint16(valueOffset + flow.at.inner_vlan, true),
    true,
  )
  const sides = valueOffset + flow.at.side + flow_side.at.l7
  const l7 = value.getUint8(sides) || value.getUint8(sides + flow_side.size)
  record.setUint8(event.at.l7, l7)
  record.setUint8(event.at.outer_family, value.getUint8(valueOffset + flow.at.outer_family))
  record.setUint8(event.at.tunnel, value.getUint8(valueOffset + flow.at.tunnel))
  record.setUint32(event.at.tunnel_id, value.getUint32(valueOffset + flow.at.tunnel_id, true), true)
}

function eventFlagsOf(flags: number): number {
  return (
    (flags & flowFlags.FLOW_EGRESS ? eventFlags.EVENT_EGRESS : 0) |
    (flags & flowFlags.FLOW_ON_LINK ? eventFlags.EVENT_ON_LINK : 0) |
    (flags & flowFlags.FLOW_MIDSTREAM ? eventFlags.EVENT_MIDSTREAM : 0)
  )
}

/** The opener's end becomes the source. Addresses and ports of a key are in network order. */
function writeAddresses(entry: FlowEntry, opener: number): void {
  const { family, key, keyOffset, value, valueOffset } = entry
  const at = family === 4 ? flow_key4.at : flow_key6.at
  const width = family === 4 ? 4 : 16
  const ends = [
    { side: opener, address: event.at.src, port: event.at.src_port, mac: event.at.src_mac },
    { side: 1 - opener, address: event.at.dst, port: event.at.dst_port, mac: event.at.dst_mac },
  ]
  for (const { side, address, port, mac } of ends) {
    for (let byte = 0; byte < 16; byte += 4) {
      const word = byte < width ? key.getInt32(keyOffset + at.addr + side * width + byte) : 0
      record.setInt32(address + byte, word)
    }
    record.setUint16(port, key.getUint16(keyOffset + at.port + side * 2), true)
    copy(value, valueOffset + flow.at.mac + side * 6, mac, 6)
  }
}

function writeTotals(value: DataView, offset: number, opener: number): void {
  const sides = [opener, 1 - opener].map(side => offset + flow.at.side + side * flow_side.size)
  const [latest, other] = sides.map(side => value.getBigUint64(side + flow_side.at.last, true))
  const last = (latest ?? 0n) > (other ?? 0n) ? latest : other
  const body = event.at.body
  record.setBigUint64(event.at.time, last ?? 0n, true)
  copy(value, offset + flow.at.first, body + event_flow.at.first, 8)
  record.setBigUint64(body + event_flow.at.last, last ?? 0n, true)
  for (const [index, side] of sides.entries()) {
    const totals = body + event_flow.at.side + index * flow_totals.size
    copy(value, side + flow_side.at.totals, totals, flow_totals.size)
    const flags = value.getUint8(side + flow_side.at.tcp_flags)
    record.setUint8(body + event_flow.at.tcp_flags + index, flags)
  }
  copy(value, offset + flow.at.history_length, body + event_flow.at.history_length, 1 + historyMax)
}

function writeOuter(outer: DataView | undefined): void {
  if (outer === undefined || !fits(outer, 0, event_outer.size)) return
  const flags = record.getUint16(event.at.flags, true) | eventFlags.EVENT_TUNNELLED
  record.setUint16(event.at.flags, flags, true)
  copy(outer, 0, event.size, event_outer.size)
}

function copy(from: DataView, offset: number, to: number, length: number): void {
  for (let byte = 0; byte < length; byte++) record.setUint8(to + byte, from.getUint8(offset + byte))
}
