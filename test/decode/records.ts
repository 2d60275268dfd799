import { eventFlags, eventKind, eventVersion, layout } from '../../src/decode/record.ts'

/** Builds records and map entries as the kernel lays them out. Addresses and MACs are bytes. */

const { event, event_flow, flow_totals } = layout

export interface Head {
  kind?: number
  version?: number
  time?: bigint
  family?: number
  protocol?: number
  ifindex?: number
  flags?: number
  vlan?: number
  innerVlan?: number
  sourceMac?: string
  destinationMac?: string
  sourcePort?: number
  destinationPort?: number
  source?: string
  destination?: string
  tunnelId?: number
  tunnel?: number
  ttl?: number
  outer?: readonly [string, string]
  payload?: Uint8Array
}

export interface Totals {
  packets: bigint
  bytes: bigint
  payload: bigint
}

export interface FlowPart {
  first: bigint
  last: bigint
  sides: readonly [Totals, Totals]
  tcpFlags: readonly [number, number]
  history: string
}

/** 16 bytes of an IPv4 (rest zero) or fully written or shortened IPv6 address. */
export function addressBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  if (!text.includes(':')) {
    bytes.set(text.split('.').map(Number))
    return bytes
  }
  const [head = '', tail] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [...before, ...Array(8 - before.length - after.length).fill('0'), ...after]
  for (const [index, group] of all.entries()) {
    const value = Number.parseInt(group, 16)
    bytes[2 * index] = value >> 8
    bytes[2 * index + 1] = value & 255
  }
  return bytes
}

export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(/[:-]/), part => Number.parseInt(part, 16))
}

/** The whole record: common part, `body` (the union), outer addresses and payload. */
export function record(head: Head, body: Uint8Array = new Uint8Array(0)): DataView {
  const outer = head.outer === undefined ? 0 : 32
  const payload = head.payload ?? new Uint8Array(0)
  const fixed = event.at.body + body.length
  const bytes = new Uint8Array(fixed + outer + payload.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(event.at.time, head.time ?? 0n, true)
  bytes[event.at.version] = head.version ?? eventVersion
  bytes[event.at.kind] = head.kind ?? eventKind.EVENT_FLOW_START
  bytes[event.at.family] = head.family ?? 4
  bytes[event.at.protocol] = head.protocol ?? 6
  view.setUint32(event.at.ifindex, head.ifindex ?? 2, true)
  view.setUint16(event.at.flags, flagsOf(head), true)
  view.setUint16(event.at.vlan, head.vlan ?? 0, true)
  view.setUint16(event.at.inner_vlan, head.innerVlan ?? 0, true)
  view.setUint16(event.at.size, payload.length, true)
  bytes.set(macBytes(head.sourceMac ?? '02:00:00:00:00:0a'), event.at.src_mac)
  bytes.set(macBytes(head.destinationMac ?? '02:00:00:00:00:0b'), event.at.dst_mac)
  view.setUint16(event.at.src_port, head.sourcePort ?? 0, true)
  view.setUint16(event.at.dst_port, head.destinationPort ?? 0, true)
  bytes.set(addressBytes(head.source ?? '192.0.2.10'), event.at.src)
  bytes.set(addressBytes(head.destination ?? '198.51.100.20'), event.at.dst)
  view.setUint32(event.at.tunnel_id, head.tunnelId ?? 0, true)
  bytes[event.at.tunnel] = head.tunnel ?? 0
  bytes[event.at.ttl] = head.ttl ?? 64
  bytes[event.at.outer_family] = outerFamily(head.outer)
  bytes.set(body, event.at.body)
  for (const [index, address] of (head.outer ?? []).entries()) {
    bytes.set(addressBytes(address), fixed + 16 * index)
  }
  bytes.set(payload, fixed + outer)
  return view
}

function outerFamily(outer: Head['outer']): number {
  if (outer === undefined || outer.every(address => address === '0.0.0.0')) return 0
  return outer.some(address => address.includes(':')) ? 6 : 4
}

function flagsOf(head: Head): number {
  const tunnelled = head.outer === undefined ? 0 : eventFlags.EVENT_TUNNELLED
  return (head.flags ?? eventFlags.EVENT_ON_LINK) | tunnelled
}

export const noTotals: Totals = { packets: 0n, bytes: 0n, payload: 0n }

/** The union of FLOW_* records. */
export function flowBody(flow: Partial<FlowPart> = {}): Uint8Array {
  const bytes = new Uint8Array(event_flow.size)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(event_flow.at.first, flow.first ?? 0n, true)
  view.setBigUint64(event_flow.at.last, flow.last ?? 0n, true)
  for (const [index, side] of (flow.sides ?? [noTotals, noTotals]).entries()) {
    const offset = event_flow.at.side + index * flow_totals.size
    view.setBigUint64(offset + flow_totals.at.packets, side.packets, true)
    view.setBigUint64(offset + flow_totals.at.bytes, side.bytes, true)
    view.setBigUint64(offset + flow_totals.at.payload, side.payload, true)
  }
  bytes.set(flow.tcpFlags ?? [0, 0], event_flow.at.tcp_flags)
  bytes[event_flow.at.history_length] = flow.history?.length ?? 0
  bytes.set(Buffer.from(flow.history ?? '', 'latin1'), event_flow.at.history)
  return bytes
}

/** The union of ICMP and NDP records. */
export function icmpBody(type: number, code = 0, id = 0, length = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.event_icmp.size))
  const { at } = layout.event_icmp
  view.setUint8(at.type, type)
  view.setUint8(at.code, code)
  view.setUint16(at.id, id, true)
  view.setUint32(at.length, length, true)
  return new Uint8Array(view.buffer)
}

/** The union of MESSAGE records. */
export function messageBody(part: {
  seq?: number
  start?: number
  end?: number
  length?: number
  l7?: number
}): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.event_message.size))
  const { at } = layout.event_message
  view.setUint32(at.seq, part.seq ?? 0, true)
  view.setUint32(at.start, part.start ?? 0, true)
  view.setUint32(at.end, part.end ?? 0, true)
  view.setUint32(at.length, part.length ?? 0, true)
  view.setUint8(at.l7, part.l7 ?? 0)
  return new Uint8Array(view.buffer)
}

/** The union of FRAGMENT records. */
export function fragmentBody(id: number, offset: number, more: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(layout.event_fragment.size))
  const { at } = layout.event_fragment
  view.setUint32(at.id, id, true)
  view.setUint16(at.offset, offset, true)
  view.setUint8(at.more, more ? 1 : 0)
  return new Uint8Array(view.buffer)
}

/** Bytes from hexadecimal text with any spaces. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
}
