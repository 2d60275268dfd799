import { IpAddress } from '../../src/decode/address.ts'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord, type KernelEvent } from '../../src/decode/event.ts'
import { MacAddress } from '../../src/decode/mac.ts'
import { eventFlags, eventKind, eventVersion, layout } from '../../src/decode/record.ts'

export interface Fields {
  readonly kind: keyof typeof eventKind
  readonly flags?: (keyof typeof eventFlags)[]
  /** Seconds since the epoch. */
  readonly time?: number
  readonly mac?: string
  readonly toMac?: string
  readonly from?: string
  readonly to?: string
  readonly ports?: readonly [number, number]
  readonly protocol?: number
  readonly vlan?: number
  readonly ttl?: number
  readonly icmpType?: number
  readonly l7?: number
  readonly packets?: readonly [number, number]
  readonly bytes?: readonly [number, number]
  readonly payload?: Uint8Array
  readonly outer?: readonly [string, string]
}

const { at } = layout.event
const base = 1_764_000_000

/** The event of a record with these fields, as the kernel would write it; on interface 7. */
export function event(fields: Fields): KernelEvent {
  const view = new DataView(new ArrayBuffer(4096))
  const flags = fields.flags ?? ['EVENT_ON_LINK']
  view.setBigUint64(at.time, BigInt(Math.round(((fields.time ?? 0) + base) * 1e6)) * 1000n, true)
  view.setUint8(at.version, eventVersion)
  view.setUint8(at.kind, eventKind[fields.kind])
  view.setUint8(at.family, family(fields.from))
  view.setUint8(at.protocol, fields.protocol ?? 6)
  view.setUint32(at.ifindex, 7, true)
  view.setUint16(
    at.flags,
    flags.reduce((sum, flag) => sum | eventFlags[flag], 0),
    true,
  )
  view.setUint16(at.vlan, fields.vlan ?? 0, true)
  view.setUint8(at.ttl, fields.ttl ?? 255)
  writeMac(view, at.src_mac, fields.mac ?? '02-00-00-00-00-01')
  writeMac(view, at.dst_mac, fields.toMac ?? '02-00-00-00-00-02')
  writeAddress(view, at.src, fields.from)
  writeAddress(view, at.dst, fields.to)
  view.setUint16(at.src_port, fields.ports?.[0] ?? 40_000, true)
  view.setUint16(at.dst_port, fields.ports?.[1] ?? 443, true)
  const body = writeBody(view, fields)
  const payload = fields.payload ?? new Uint8Array()
  view.setUint16(at.size, payload.length, true)
  const outer = fields.outer === undefined ? 0 : layout.event_outer.size
  if (fields.outer !== undefined) {
    writeAddress(view, body, fields.outer[0])
    writeAddress(view, body + 16, fields.outer[1])
  }
  new Uint8Array(view.buffer).set(payload, body + outer)
  const decoded = decodeRecord(view, 0, body + outer + payload.length, unixClock)
  if (decoded === undefined) throw new Error('the test wrote no valid record')
  return decoded
}

/** µs of event time for so many seconds after the start of the tests' time. */
export function micros(seconds: number): number {
  return (base + seconds) * 1e6
}

/** RFC 826 for Ethernet and IPv4. */
export function arp(operation: number, mac: string, from: string, to: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(28))
  view.setUint16(0, 1)
  view.setUint16(2, 0x0800)
  view.setUint16(4, 0x0604)
  view.setUint16(6, operation)
  writeMac(view, 8, mac)
  writeAddress(view, 14, from)
  writeAddress(view, 24, to)
  return new Uint8Array(view.buffer)
}

function writeBody(view: DataView, { kind, packets, bytes, icmpType, l7 }: Fields): number {
  if (kind.startsWith('EVENT_FLOW')) {
    const [first, second] = packets ?? [1, 0]
    view.setBigUint64(at.body + 16, BigInt(first), true)
    view.setBigUint64(at.body + 24, BigInt(bytes?.[0] ?? first * 100), true)
    view.setBigUint64(at.body + 40, BigInt(second), true)
    view.setBigUint64(at.body + 48, BigInt(bytes?.[1] ?? second * 100), true)
    return layout.event.size
  }
  if (kind === 'EVENT_MESSAGE') {
    view.setUint8(at.body + layout.event_message.at.l7, l7 ?? 0)
    return at.body + layout.event_message.size
  }
  if (kind === 'EVENT_ARP') return at.body
  view.setUint8(at.body, icmpType ?? 8)
  return at.body + layout.event_icmp.size
}

function family(address: string | undefined): number {
  if (address === undefined) return 0
  return address.includes(':') ? 6 : 4
}

function writeMac(view: DataView, offset: number, text: string): void {
  const mac = MacAddress.parse(text)
  view.setUint16(offset, (mac?.high ?? 0) >>> 8)
  view.setUint8(offset + 2, (mac?.high ?? 0) & 255)
  view.setUint8(offset + 3, (mac?.low ?? 0) >>> 16)
  view.setUint16(offset + 4, (mac?.low ?? 0) & 0xffff)
}

/** Writes four bytes of IPv4, sixteen of IPv6. */
export function writeAddress(view: DataView, offset: number, text: string | undefined): void {
  const address = text === undefined ? undefined : IpAddress.parse(text)
  if (address === undefined) return
  view.setInt32(offset, address.word0)
  if (address.family === 4) return
  view.setInt32(offset + 4, address.word1)
  view.setInt32(offset + 8, address.word2)
  view.setInt32(offset + 12, address.word3)
}
