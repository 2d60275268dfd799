import { type Packet } from '../decode/packet.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { hostName } from './host-name.ts'
import { expiry, writeAddress } from './name-keys.ts'
import { NameTable } from './name-table.ts'
import { type SelfNamed, selfNamed } from './self-named.ts'

const limit = 8192
/** The better one first: NetBIOS cuts names at 15 characters. */
const sources = [undefined, 'mdns', 'llmnr', 'nbns'] as const

/** What the devices of the links call themselves, by address. */
export class LocalNames {
  readonly #table = new NameTable(5, limit)
  #refused = 0

  get size(): number {
    return this.#table.size
  }

  /** Counts whatever changes what `find` gives. */
  get changes(): number {
    return this.#table.changes
  }

  get evicted(): number {
    return this.#table.evicted
  }

  /** Names that no host may have. */
  get refused(): number {
    return this.#refused
  }

  /** Takes the names out of a message of mDNS, LLMNR or NetBIOS. */
  learn(event: DnsEvent): void {
    selfNamed(event, device => this.#put(device, event.packet.time))
  }

  /** What the destination calls itself at `time` (µs). */
  find(packet: Packet, time: number): { name: string; source: SelfNamed['source'] } | undefined {
    const table = this.#table
    if (table.size === 0) return undefined
    const { family, destination0, destination1, destination2, destination3 } = packet
    writeAddress(table.key, 0, destination0, destination1, destination2, destination3)
    table.key[4] = family
    const slot = table.find()
    const source = slot < 0 || table.until(slot) < time ? undefined : sources[table.kind(slot)]
    return source && { name: table.name(slot), source }
  }

  #put({ name: text, address, ttl, source }: SelfNamed, time: number): void {
    const name = hostName(text)
    if (name === undefined) {
      this.#refused++
      return
    }
    const table = this.#table
    writeAddress(table.key, 0, address.word0, address.word1, address.word2, address.word3)
    table.key[4] = address.family
    const kind = sources.indexOf(source)
    const slot = table.find()
    const known = slot >= 0 && table.until(slot) >= time
    // RFC 6762 10.1: a time to live of 0 takes the name back.
    if (ttl === 0 && source === 'mdns') {
      if (slot >= 0 && table.name(slot) === name) table.remove(slot)
    } else if (!known || table.kind(slot) >= kind) table.put(name, kind, time, expiry(time, ttl))
  }
}
