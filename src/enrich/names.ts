import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type HttpEvent } from '../protocols/http-events.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { Asked } from './asked.ts'
import { headerHost, hostName } from './host-name.ts'
import { LocalNames } from './local-names.ts'
import { conversationWidth, longestLife, writeConversation } from './name-keys.ts'
import { NameTable } from './name-table.ts'
import { ResolvedNames } from './resolved-names.ts'

/** Where a name came from: the conversation itself, a resolver's answer, or a device of the link. */
export type NameSource = 'tls' | 'quic' | 'http' | 'dns' | 'mdns' | 'llmnr' | 'nbns'

/** A name for an address. Whoever is at the other end may have made it up: a hint, never a proof. */
export interface DomainName {
  readonly name: string
  readonly source: NameSource
}

export interface NamesOptions {
  /** Names kept at least: one for each client and the address that it resolved. */
  readonly limit: number
}

/** Conversations that have a name of their own. */
const conversationLimit = 65_536
const kinds = { tls: 1, quic: 2, http: 3, dns: 4 } as const
const sources = [undefined, 'tls', 'quic', 'http', 'dns'] as const

/**
 * Passive DNS: by which name a client reached an address. Best is what the conversation itself says
 * (TLS, QUIC, HTTP), then the name that this client resolved to the address before it opened the
 * conversation, then what a device of the link calls itself. Bounded; feed it events in order.
 */
export class Names {
  readonly #conversations = new NameTable(conversationWidth, conversationLimit)
  readonly #resolved: ResolvedNames
  readonly #local = new LocalNames()
  readonly #asked = new Asked<DomainName>()
  #refused = 0

  constructor({ limit }: NamesOptions) {
    this.#resolved = new ResolvedNames(limit)
  }

  get counts() {
    return {
      resolved: this.#resolved.size,
      conversations: this.#conversations.size,
      local: this.#local.size,
      /** Names that had to make room while they were valid. */
      evicted: this.#resolved.evicted + this.#conversations.evicted + this.#local.evicted,
      /** What stood where a name should and is none. */
      refused: this.#refused + this.#resolved.refused + this.#local.refused,
    }
  }

  /** Takes the names out of what a protocol told. */
  learn(event: ProtocolEvent): void {
    switch (event.kind) {
      case 'dns':
        if (event.message.dialect === 'dns') this.#resolved.learn(event)
        else this.#local.learn(event)
        break
      case 'tls':
        if (event.action === 'tls-client-hello')
          this.#learn(event.packet, event.client?.hello?.serverName, kinds.tls)
        break
      case 'quic':
        if (event.action === 'quic-client-hello')
          this.#learn(event.packet, event.facts.clientHello?.serverName, kinds.quic)
        break
      case 'http':
        if (event.action === 'http-request')
          this.#learn(event.packet, originHost(event), kinds.http)
        break
      default:
    }
  }

  /** A conversation keeps the name that its address had when it began. */
  began(flow: FlowEvent): void {
    if (flow.action !== 'start' || flow.packet.midstream) return
    this.end(flow.packet)
    const name = this.#resolved.find(flow.packet, flow.packet.time)
    if (name !== undefined) this.#keep(flow.packet, name, kinds.dns)
  }

  /** The conversation of `packet` is over; its ports may be used again. */
  end(packet: Packet): void {
    const slot = this.#find(packet)
    if (slot >= 0) this.#conversations.remove(slot)
  }

  /** The name of the destination, for a conversation that began at `start` (µs of event time). */
  destinationName(packet: Packet, start = packet.time): DomainName | undefined {
    if (packet.family === 0) return undefined
    const changes = this.#changes
    if (this.#asked.about(packet, start, changes)) return this.#asked.answer
    return this.#asked.keep(packet, start, changes, this.#search(packet, start))
  }

  get #changes(): number {
    return this.#conversations.changes + this.#resolved.changes + this.#local.changes
  }

  #search(packet: Packet, start: number): DomainName | undefined {
    const slot = this.#find(packet)
    const own = slot < 0 ? undefined : sources[this.#conversations.kind(slot)]
    if (own !== undefined) return { name: this.#conversations.name(slot), source: own }
    const resolved = this.#resolved.find(packet, start)
    if (resolved !== undefined) return { name: resolved, source: 'dns' }
    return this.#local.find(packet, start)
  }

  /** The name that the source resolved to the destination, whatever the conversation says. */
  resolvedName(packet: Packet, start: number): string | undefined {
    return packet.family === 0 ? undefined : this.#resolved.find(packet, start)
  }

  #find(packet: Packet): number {
    if (this.#conversations.size === 0) return -1
    writeConversation(this.#conversations.key, packet)
    return this.#conversations.find()
  }

  #learn(packet: Packet, text: string | undefined, kind: number): void {
    if (text === undefined) return
    const name = kind === kinds.http ? headerHost(text) : hostName(text)
    if (name === undefined) this.#refused++
    else this.#keep(packet, name, kind)
  }

  #keep(packet: Packet, name: string, kind: number): void {
    writeConversation(this.#conversations.key, packet)
    this.#conversations.put(name, kind, packet.time, packet.time + longestLife)
  }
}

/** Of a request to the server itself: what a proxy is asked for lies elsewhere (RFC 9112 3.2). */
function originHost({ request }: HttpEvent): string | undefined {
  return request?.target.startsWith('/') === true ? request.host : undefined
}
