import { tmpdir } from 'node:os'
import { MemoryBaselineStore } from '../../src/baseline/memory-store.ts'
import { Profiles } from '../../src/baseline/profiles.ts'
import { loadConfig } from '../../src/config/load.ts'
import { IpAddress } from '../../src/decode/address.ts'
import { unixClock } from '../../src/decode/clock.ts'
import { decodeRecord } from '../../src/decode/event.ts'
import { FlowEvent } from '../../src/decode/flow.ts'
import { applicationName } from '../../src/decode/protocol.ts'
import { eventKind, eventVersion, layout } from '../../src/decode/record.ts'
import { Detectors } from '../../src/detectors/detectors.ts'
import { Growth } from '../../src/detectors/growth.ts'
import { type Signal } from '../../src/detectors/signal.ts'
import { type Devices } from '../../src/enrich/devices.ts'
import { homeOf } from '../../src/enrich/direction.ts'
import { Names } from '../../src/enrich/names.ts'
import { createLog } from '../../src/operate/log.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { type TrafficEvent } from '../../src/protocols/traffic.ts'
import { event, type Fields } from '../enrich/record.ts'
import * as p from '../generate/packets.ts'

export const START = Date.UTC(2026, 2, 2) / 1000
export const HOUR = 3600
export const DAY = 86_400

export interface FlowFields {
  readonly action?: 'start' | 'update' | 'end'
  readonly from?: string
  readonly to?: string
  readonly protocol?: number
  readonly ports?: readonly [number, number]
  /** Seconds after START, when it began, and how long it lasted so far. */
  readonly at?: number
  readonly lasted?: number
  /** Payload bytes of both sides. */
  readonly out?: number
  readonly back?: number
  readonly answered?: boolean
}

const { at: head } = layout.event
const { at: body } = layout.event_flow
const kinds = {
  start: eventKind.EVENT_FLOW_START,
  update: eventKind.EVENT_FLOW_UPDATE,
  end: eventKind.EVENT_FLOW_END,
}
let port = 0

/** A flow as the kernel would report it; off the link, so that its source is known by its address. */
export function flow(fields: FlowFields = {}): FlowEvent {
  const { action = 'end', from = '192.168.1.10', to = '203.0.113.7', at = 0, lasted = 1 } = fields
  const { protocol = 6, ports = [20_000 + (port++ % 40_000), 443], answered = true } = fields
  const { out = 500, back = answered ? 2000 : 0 } = fields
  const view = new DataView(new ArrayBuffer(512))
  const start = nanoseconds(at)
  const end = nanoseconds(at + lasted)
  view.setUint8(head.version, eventVersion)
  view.setUint8(head.kind, kinds[action])
  view.setBigUint64(head.time, end, true)
  view.setUint8(head.family, from.includes(':') ? 6 : 4)
  view.setUint8(head.protocol, protocol)
  view.setUint32(head.ifindex, 7, true)
  writeAddress(view, head.src, from)
  writeAddress(view, head.dst, to)
  view.setUint16(head.src_port, ports[0], true)
  view.setUint16(head.dst_port, ports[1], true)
  view.setBigUint64(head.body + body.first, start, true)
  view.setBigUint64(head.body + body.last, end, true)
  const one = head.body + body.side
  const other = one + layout.flow_totals.size
  writeTotals(view, one, out)
  if (answered) writeTotals(view, other, back)
  view.setUint8(head.body + body.tcp_flags, 0x1b)
  view.setUint8(head.body + body.tcp_flags + 1, answered ? 0x1b : 0)
  const decoded = decodeRecord(view, 0, layout.event.size, unixClock)
  if (!(decoded instanceof FlowEvent)) throw new Error('the test wrote no valid flow')
  return decoded
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round((START + seconds) * 1e6)) * 1000n
}

function writeTotals(view: DataView, offset: number, payload: number): void {
  const packets = Math.max(3, Math.ceil(payload / 1400))
  view.setBigUint64(offset + layout.flow_totals.at.packets, BigInt(packets), true)
  view.setBigUint64(
    offset + layout.flow_totals.at.bytes,
    BigInt(Math.round(payload) + packets * 54),
    true,
  )
  view.setBigUint64(offset + layout.flow_totals.at.payload, BigInt(Math.round(payload)), true)
}

function writeAddress(view: DataView, offset: number, text: string): void {
  const address = IpAddress.parse(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  view.setInt32(offset, address.word0)
  if (address.family === 4) return
  view.setInt32(offset + 4, address.word1)
  view.setInt32(offset + 8, address.word2)
  view.setInt32(offset + 12, address.word3)
}

export interface WorldOptions {
  /** Options of the detector that are not its defaults. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Seconds instead of every learning period. */
  readonly learn?: number
}

/** Detectors at work with its neighbours as they are in the sensor. Home is 192.168.0.0/16. */
export class World {
  readonly signals: Signal[] = []
  readonly baselines = new MemoryBaselineStore()
  readonly profiles = new Profiles({ limit: 256 })
  readonly names = new Names({ limit: 4096 })
  readonly #protocols = new Protocols(event => {
    this.names.learn(event)
    this.judge(event)
  })
  readonly #detectors: Detectors
  readonly #home = homeOf(['192.168.0.0/16', 'fd00::/8'])
  #time = 0

  /** One detector, with options of its own, or several as they are. */
  constructor(detector: string | readonly string[], { options = {}, learn }: WorldOptions = {}) {
    const chosen = [detector].flat().map(name => {
      const defaults = loadConfig().detectors[name]
      if (defaults === undefined) throw new Error(`no detector is \`${name}\``)
      return [name, { ...defaults, ...options }]
    })
    this.#detectors = new Detectors(Object.fromEntries(chosen), {
      signal: signal => this.signals.push(signal),
      home: () => this.#home,
      // Packets off the link are of no device.
      devices: { get: () => undefined } as unknown as Devices,
      directory: tmpdir(),
      live: false,
      log: createLog({ level: 'silent' }),
      protocolName: flow => applicationName(flow.l7),
      resolvedName: (packet, start) => this.names.resolvedName(packet, start),
      place: () => undefined,
      destinationName: (packet, start) => this.names.destinationName(packet, start),
      baselines: this.baselines,
      profiles: this.profiles,
      growth: new Growth(),
      learning: own => (learn === undefined ? own : learn * 1e6),
    })
  }

  get counts() {
    return this.#detectors.counts
  }

  /** The signals as `name entity`, each once, with how often it came. */
  get told(): Record<string, number> {
    const told: Record<string, number> = {}
    for (const { name, entity } of this.signals) {
      const key = `${name} ${entity}`
      told[key] = (told[key] ?? 0) + 1
    }
    return told
  }

  judge(event: TrafficEvent): void {
    this.advance(event.packet.time / 1e6 - START)
    this.#detectors.take(event)
  }

  flow(fields: FlowFields): void {
    const made = flow(fields)
    if (made.action === 'start') this.names.began(made)
    this.judge(made)
    if (made.action === 'end') this.names.end(made.packet)
  }

  /** Event time has come so far, in the steps in which a live sensor moves. */
  advance(seconds: number): void {
    const to = (START + seconds) * 1e6
    if (this.#time === 0) this.#time = to
    while (this.#time < to) {
      this.#time = Math.min(to, this.#time + 60e6)
      this.baselines.advance(this.#time)
      this.#detectors.advance(this.#time)
    }
  }

  /** The sensor was away until then. */
  jump(seconds: number): void {
    this.#time = (START + seconds) * 1e6
    this.baselines.advance(this.#time)
    this.#detectors.advance(this.#time)
  }

  /** A message on the wire; `time` in seconds after START. */
  hear(fields: Omit<Fields, 'kind'>): void {
    const { time = 0, flags = [] } = fields
    // The records of this builder count from another second.
    const made = event({
      flags,
      ...fields,
      kind: 'EVENT_MESSAGE',
      time: time + START - 1_764_000_000,
    })
    this.#protocols.take(made)
  }

  /** `client` asks for a name and is answered with an address. */
  resolve(client: string, name: string, address: string, at: number): void {
    const id = (port++ % 60_000) + 1
    const ends = { protocol: 17, l7: 1, time: at }
    const resolver = '192.168.1.1'
    const type = address.includes(':') ? 'AAAA' : 'A'
    this.hear({
      ...ends,
      from: client,
      to: resolver,
      ports: [id, 53],
      payload: p.dnsQuery(name, type, id),
    })
    const payload = p.dnsAnswer(name, [{ name, type, data: address, ttl: 86_400 }], { id })
    this.hear({
      ...ends,
      from: resolver,
      to: client,
      ports: [53, id],
      flags: ['EVENT_REPLY'],
      payload,
    })
  }
}

/** Numbers from 0 to 1 that are the same in every run. */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x45d9f3b)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
