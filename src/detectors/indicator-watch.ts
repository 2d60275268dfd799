import { hash } from 'node:crypto'
import { ipText } from '../decode/address.ts'
import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { type HttpEvent } from '../protocols/http-events.ts'
import { type QuicEvent } from '../protocols/quic-events.ts'
import { type TlsEvent } from '../protocols/tls-events.ts'
import { type ClientHello } from '../protocols/tls-hello.ts'
import { type TrafficEvent } from '../protocols/traffic.ts'
import { type DetectorContext } from './detector.ts'
import { type IndicatorKind } from './indicator-index.ts'
import { type IndicatorStore } from './indicator-store.ts'
import { Lately } from './lately.ts'
import { directionOf } from './source.ts'

const hour = 3600 * 1e6

interface Match {
  readonly kind: IndicatorKind
  /** What was seen, and what of it is listed. */
  readonly value: string
  readonly indicator: string
  readonly slot: number
  readonly entity: string
  readonly score: number
  readonly trigger: TrafficEvent
}

/** Looks up what events hold; the same finding about the same entity is said once an hour. */
export class IndicatorWatch {
  readonly #store: IndicatorStore
  readonly #context: DetectorContext
  readonly #lately = new Lately(16_384, hour)

  constructor(store: IndicatorStore, context: DetectorContext) {
    this.#store = store
    this.#context = context
  }

  flow(flow: FlowEvent): void {
    const { index } = this.#store
    if (index.count('address') === 0 || flow.action === 'update') return
    const { packet } = flow
    const { family, source0, source1, source2, source3 } = packet
    const { destination0, destination1, destination2, destination3 } = packet
    const to = index.findAddress(family, destination0, destination1, destination2, destination3)
    if (to >= 0) this.#address(flow, index.slot, to, 'outbound')
    const from = index.findAddress(family, source0, source1, source2, source3)
    if (from >= 0) this.#address(flow, index.slot, from, 'inbound')
  }

  dns(event: DnsEvent): void {
    const { message } = event
    if (message.dialect !== 'dns' || message.isResponse) return
    const name = event.asked?.name
    if (name !== undefined) this.#domain(name, event)
  }

  tls(event: TlsEvent): void {
    if (event.action === 'tls-client-hello') this.#hello(event.client?.hello, event)
    else this.#certificate(event)
  }

  quic(event: QuicEvent): void {
    if (event.action === 'quic-client-hello') this.#hello(event.facts.clientHello, event)
  }

  http(event: HttpEvent): void {
    const { request } = event
    if (event.action !== 'http-request' || request?.host === undefined) return
    const host = request.host.replace(/:\d+$/, '')
    this.#domain(host, event)
    const { index } = this.#store
    if (index.count('url') === 0) return
    const value = `${host}${request.target}`
    const slot = index.findText('url', value)
    if (slot >= 0) this.#outgoing('url', value, value, slot, event)
  }

  #hello(hello: ClientHello | undefined, event: TlsEvent | QuicEvent): void {
    if (hello === undefined) return
    const { index } = this.#store
    if (hello.serverName !== undefined) this.#domain(hello.serverName, event)
    if (index.count('ja3') > 0) this.#text('ja3', hello.ja3, event)
    if (index.count('ja4') > 0) this.#text('ja4', hello.ja4, event)
  }

  #certificate(event: TlsEvent): void {
    if (this.#store.index.count('certificate') === 0) return
    for (const der of event.server?.certificates ?? []) {
      this.#text('certificate', hash('sha1', der), event)
      this.#text('certificate', hash('sha256', der), event)
    }
  }

  #domain(name: string, trigger: TrafficEvent): void {
    const { index } = this.#store
    if (index.count('domain') === 0) return
    const bare = name.endsWith('.') ? name.slice(0, -1) : name
    const at = index.findDomain(bare)
    if (at < 0) return
    this.#outgoing('domain', bare, bare.slice(at).toLowerCase(), index.slot, trigger)
  }

  #text(kind: IndicatorKind, value: string | undefined, event: TlsEvent | QuicEvent): void {
    const slot = value === undefined ? -1 : this.#store.index.findText(kind, value)
    if (slot >= 0 && value !== undefined) this.#outgoing(kind, value, value, slot, event)
  }

  /** What one of ours asked for. */
  #outgoing(
    kind: IndicatorKind,
    value: string,
    indicator: string,
    slot: number,
    trigger: TrafficEvent,
  ): void {
    const entity = trigger.packet.sourceIp ?? ''
    // A fingerprint is shared by many programs; a name or a certificate is one.
    const score = kind === 'ja3' || kind === 'ja4' ? 0.7 : 0.95
    this.#tell({ kind, value, indicator, slot, entity, score, trigger })
  }

  #address(flow: FlowEvent, slot: number, length: number, way: 'outbound' | 'inbound'): void {
    const { packet } = flow
    if (directionOf(this.#context.home(), packet) !== way) return
    const isOut = way === 'outbound'
    const value = (isOut ? packet.destinationIp : packet.sourceIp) ?? ''
    const entity = (isOut ? packet.sourceIp : packet.destinationIp) ?? ''
    const isWhole = length === (packet.family === 4 ? 32 : 128)
    const indicator = isWhole ? value : `${networkOf(packet, isOut, length)}/${length}`
    // The internet knocks at every door; who goes there himself has a reason.
    const score = isOut ? 0.9 : 0.3
    this.#tell({ kind: 'address', value, indicator, slot, entity, score, trigger: flow })
  }

  #tell({ kind, value, indicator, slot, entity, score, trigger }: Match): void {
    const { source, label, until } = this.#store.index.entry(slot)
    const { time } = trigger.packet
    if (until !== 0 && until * hour < time) return
    if (this.#lately.seen(entity, `${kind} ${value}`, time)) return
    const name = this.#store.name(source)
    this.#context.signal({
      name: 'indicator',
      score,
      entity,
      identity: [kind, indicator],
      message: `${entity} has to do with ${value}, which ${name} lists${label === '' ? '' : ` (${label})`}`,
      evidence: {
        kind,
        value,
        indicator,
        source: name,
        label: label === '' ? undefined : label,
        expires: until === 0 ? undefined : new Date(until * 3_600_000).toISOString(),
      },
      trigger,
    })
  }
}

/** The address without the bits behind the prefix, as text. */
function networkOf(packet: Packet, isDestination: boolean, length: number): string {
  const { family, source0, source1, source2, source3 } = packet
  const { destination0, destination1, destination2, destination3 } = packet
  const words = isDestination
    ? [destination0, destination1, destination2, destination3]
    : [source0, source1, source2, source3]
  const [one = 0, two = 0, three = 0, four = 0] = words.map((word, index) => {
    const bits = length - index * 32
    return bits >= 32 ? word : bits <= 0 ? 0 : word & (-1 << (32 - bits))
  })
  return ipText(family, one, two, three, four) ?? ''
}
