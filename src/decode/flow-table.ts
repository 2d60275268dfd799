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
  const sides = valueOffset + flow.at.side
  record.setUint8(event.at.l7, l7Of(value, sides) || l7Of(value, sides + flow_side.size))
  record.setUint8(event.at.outer_family, value.getUint8(valueOffset + flow.at.outer_family))
  record.setUint8(event.at.tunnel, value.getUint8(valueOffset + flow.at.tunnel))
  record.setUint32(event.at.tunnel_id, value.getUint32(valueOffset + flow.at.tunnel_id, true), true)
}

/** `enum l7` of a side, 0 where it is only a guess of the kernel. */
function l7Of(value: DataView, side: number): number {
  if (value.getUint8(side + flow_side.at.guess) !== 0) return 0
  return value.getUint8(side + flow_side.at.l7)
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
  writeEnd(entry, opener, event.at.src, event.at.src_port, event.at.src_mac)
  writeEnd(entry, 1 - opener, event.at.dst, event.at.dst_port, event.at.dst_mac)
}

function writeEnd(entry: FlowEntry, side: number, address: number, port: number, mac: number) {
  const { family, key, keyOffset, value, valueOffset } = entry
  const at = family === 4 ? flow_key4.at : flow_key6.at
  const width = family === 4 ? 4 : 16
  const from = keyOffset + at.addr + side * width
  for (let byte = 0; byte < 16; byte += 4) {
    record.setInt32(address + byte, byte < width ? key.getInt32(from + byte) : 0)
  }
  record.setUint16(port, key.getUint16(keyOffset + at.port + side * 2), true)
  copy(value, valueOffset + flow.at.mac + side * 6, mac, 6)
}

const totalsAt = event.at.body + event_flow.at.side
const flagsAt = event.at.body + event_flow.at.tcp_flags

function writeTotals(value: DataView, offset: number, opener: number): void {
  const one = offset + flow.at.side + opener * flow_side.size
  const other = offset + flow.at.side + (1 - opener) * flow_side.size
  const last = later(value, one + flow_side.at.last, other + flow_side.at.last)
  const body = event.at.body
  copy(value, last, event.at.time, 8)
  copy(value, last, body + event_flow.at.last, 8)
  copy(value, offset + flow.at.first, body + event_flow.at.first, 8)
  copy(value, one + flow_side.at.totals, totalsAt, flow_totals.size)
  copy(value, other + flow_side.at.totals, totalsAt + flow_totals.size, flow_totals.size)
  record.setUint8(flagsAt, value.getUint8(one + flow_side.at.tcp_flags))
  record.setUint8(flagsAt + 1, value.getUint8(other + flow_side.at.tcp_flags))
  copy(value, offset + flow.at.history_length, body + event_flow.at.history_length, 1 + historyMax)
}

/** Where the later of the times (u64, little-endian) at `one` and `other` stands. */
function later(value: DataView, one: number, other: number): number {
  const high = value.getUint32(one + 4, true) - value.getUint32(other + 4, true)
  if (high !== 0) return high > 0 ? one : other
  return value.getUint32(one, true) > value.getUint32(other, true) ? one : other
}

function writeOuter(outer: DataView | undefined): void {
  if (outer === undefined || !fits(outer, 0, event_outer.size)) return
  const flags = record.getUint16(event.at.flags, true) | eventFlags.EVENT_TUNNELLED
  record.setUint16(event.at.flags, flags, true)
  copy(outer, 0, event.size, event_outer.size)
}

function copy(from: DataView, offset: number, to: number, length: number): void {
  let byte = 0
  for (; byte + 4 <= length; byte += 4)
    record.setInt32(to + byte, from.getInt32(offset + byte, true), true)
  for (; byte < length; byte++) record.setUint8(to + byte, from.getUint8(offset + byte))
}
