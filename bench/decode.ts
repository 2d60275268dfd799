import { unixClock } from '../src/decode/clock.ts'
import { decodeRecord } from '../src/decode/event.ts'
import { decodeFlow } from '../src/decode/flow-table.ts'
import { eventKind, eventVersion, l7, layout } from '../src/decode/record.ts'

const slot = 512
const records = 4096
const rounds = 100
const { at } = layout.event

/** Records of different conversations, as they lie in the ring: some kinds in between. */
function ring(kindOf: (index: number) => number): DataView {
  const view = new DataView(new ArrayBuffer(slot * records))
  for (let index = 0; index < records; index++) fill(view, index * slot, kindOf(index), index)
  return view
}

function fill(view: DataView, offset: number, kind: number, index: number): void {
  view.setBigUint64(offset + at.time, 1_790_000_000_000_000_000n + BigInt(index) * 1_000_000n, true)
  view.setUint8(offset + at.version, eventVersion)
  view.setUint8(offset + at.kind, kind)
  view.setUint8(offset + at.family, index % 5 === 0 ? 6 : 4)
  view.setUint8(offset + at.protocol, index % 3 === 0 ? 17 : 6)
  view.setUint32(offset + at.ifindex, 2, true)
  view.setInt32(offset + at.src, 0xc0a80000 + (index % 251))
  view.setInt32(offset + at.dst, 0x08080000 + (index % 1021))
  view.setUint16(offset + at.src_port, 1024 + index, true)
  view.setUint16(offset + at.dst_port, 443, true)
  view.setUint32(offset + at.src_mac, 0x00005e00 + index)
  view.setUint32(offset + at.dst_mac, 0x00005e53)
  if (kind === eventKind.EVENT_MESSAGE) fillMessage(view, offset)
  else if (kind !== eventKind.EVENT_ARP) fillFlow(view, offset, index)
}

function fillMessage(view: DataView, offset: number): void {
  view.setUint16(offset + at.size, 96, true)
  view.setUint8(offset + at.body + layout.event_message.at.l7, l7.L7_DNS)
}

function fillFlow(view: DataView, offset: number, index: number): void {
  const flow = offset + at.body
  view.setBigUint64(flow + layout.event_flow.at.first, 1_790_000_000_000_000_000n, true)
  view.setBigUint64(flow + layout.event_flow.at.last, 1_790_000_000_123_456_789n, true)
  for (const side of [0, layout.flow_totals.size]) {
    const totals = flow + layout.event_flow.at.side + side
    view.setBigUint64(totals + layout.flow_totals.at.packets, BigInt(index), true)
    view.setBigUint64(totals + layout.flow_totals.at.bytes, BigInt(index) * 900n, true)
    view.setBigUint64(totals + layout.flow_totals.at.payload, BigInt(index) * 846n, true)
  }
}

let sink = 0

/** Best of seven runs, so that a busy machine does not count; `target` in ns. */
function measure(name: string, each: (offset: number) => number, target?: number): void {
  const lengths = Float64Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint()
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < records; index++) sink += each(index * slot)
    }
    return Number(process.hrtime.bigint() - start) / (rounds * records)
  })
  const best = Math.min(...lengths)
  const rate = `${(1000 / best).toFixed(1)} M/s`
  const verdict = best <= (target ?? best) ? 'met' : 'MISSED'
  const aim = target === undefined ? '' : `  target ${target} ns: ${verdict}`
  console.log(`${name.padEnd(40)} ${best.toFixed(0).padStart(5)} ns ${rate.padStart(10)}${aim}`)
}

const cycle = [
  eventKind.EVENT_FLOW_START,
  eventKind.EVENT_MESSAGE,
  eventKind.EVENT_FLOW_END,
  eventKind.EVENT_ARP,
  eventKind.EVENT_FLOW_END,
  eventKind.EVENT_MESSAGE,
  eventKind.EVENT_ICMP,
  eventKind.EVENT_FRAGMENT,
]
const mixed = ring(index => cycle[index % cycle.length] ?? eventKind.EVENT_FLOW_START)
const flows = ring(index => (index % 2 ? eventKind.EVENT_FLOW_START : eventKind.EVENT_FLOW_END))
const key = new DataView(new ArrayBuffer(layout.flow_key4.size))

function decode(view: DataView): (offset: number) => number {
  return offset => decodeRecord(view, offset, slot, unixClock)?.sourcePort ?? 0
}

console.log('decode: one record of the ring buffer to an Event, one core')
// All kinds first: the flow figures then stand for a sensor that has seen everything.
measure('all kinds', decode(mixed))
measure('flow', decode(flows), 250)
measure('flow, both addresses as text', offset => {
  const event = decodeRecord(flows, offset, slot, unixClock)
  return (event?.sourceIp?.length ?? 0) + (event?.destinationIp?.length ?? 0)
})
measure('flow table entry', offset => {
  const entry = { family: 4, key, keyOffset: 0, value: flows, valueOffset: offset } as const
  return decodeFlow(entry, 'update', unixClock)?.sourcePort ?? 0
})
measure('flow, Community ID', offset => {
  return decodeRecord(flows, offset, slot, unixClock)?.communityId?.length ?? 0
})
process.exitCode = Number.isNaN(sink) ? 1 : 0
