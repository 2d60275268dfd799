import { unixClock } from '../src/decode/clock.ts'
import { FlowEvent } from '../src/decode/flow.ts'
import { eventKind, eventVersion, layout } from '../src/decode/record.ts'
import { homeOf } from '../src/enrich/direction.ts'
import { Enrichment } from '../src/enrich/enrichment.ts'
import { NameTable } from '../src/enrich/name-table.ts'

/** What is known of the ends of a flow: ns a look-up. */
const flows = 4096
const rounds = 100
const { at } = layout.event

function flow(index: number, kind: number): FlowEvent {
  const view = new DataView(new ArrayBuffer(512))
  view.setBigUint64(at.time, 1_790_000_000_000_000_000n, true)
  view.setUint8(at.version, eventVersion)
  view.setUint8(at.kind, kind)
  view.setUint8(at.family, 4)
  view.setUint8(at.protocol, 6)
  view.setInt32(at.src, 0xc0a80000 + (index % 251))
  view.setInt32(at.dst, 0x08080000 + (index % 1021))
  view.setUint16(at.src_port, 1024 + index, true)
  view.setUint16(at.dst_port, 443, true)
  return new FlowEvent(view, 0, unixClock)
}

let sink = 0

/** Best of seven runs, so that a busy machine does not count. */
function measure(name: string, run: (flow: FlowEvent) => unknown, over = all): void {
  const lengths = Float64Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint()
    for (let round = 0; round < rounds; round++) {
      for (const one of over) if (run(one) !== undefined) sink++
    }
    return Number(process.hrtime.bigint() - start) / (rounds * over.length)
  })
  console.log(
    `${name.padEnd(48)} ${Math.min(...lengths)
      .toFixed(0)
      .padStart(5)} ns`,
  )
}

const all = Array.from({ length: flows }, (_, index) => flow(index, eventKind.EVENT_FLOW_START))
const options = { names: { limit: 65_536 }, geo: { enabled: true, country: '', asn: '' } }
const home = homeOf(['192.168.0.0/16'])
const parts = { home: () => home }
const enrichment = new Enrichment(options, parts)

measure('name of a destination, nothing known', one => enrichment.destinationName(one.packet))
measure('flow begins and ends, nothing known', one => {
  enrichment.began(one)
  enrichment.names.end(one.packet)
})

const table = new NameTable(9, 65_536)
const fill = (one: FlowEvent) => {
  table.key[0] = one.packet.source0
  table.key[4] = one.packet.destination0
  table.key[8] = 4
}
measure('a name is put into the table', one => {
  fill(one)
  table.put('www.example.org', 1, 0, 1e18)
})
measure('a name is found in the table', one => {
  fill(one)
  return table.find()
})

const start = process.hrtime.bigint()
const [first] = all
if (first !== undefined) enrichment.destination(first.packet)
const loaded = Number(process.hrtime.bigint() - start) / 1e6
console.log(
  `${'country data read at the first look-up'.padEnd(48)} ${loaded.toFixed(1).padStart(5)} ms`,
)
measure('place of an address, seen lately', one => enrichment.destination(one.packet).place)

let address = 0x08000000
measure('place of an address, never seen', () => {
  address += 257
  return enrichment.geo.place(4, address | 0, 0, 0, 0)
})
measure('place of an address at home', one => enrichment.source(one.packet).place)
if (sink < 0) console.log(sink)
