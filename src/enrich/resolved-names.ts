import { type IpAddress } from '../decode/address.ts'
import { type Packet } from '../decode/packet.ts'
import { type DnsEvent } from '../protocols/dns-events.ts'
import { Asked } from './asked.ts'
import { hostName } from './host-name.ts'
import { expiry, writeAddress } from './name-keys.ts'
import { NameTable } from './name-table.ts'
import { addressesOf } from './resolved.ts'

/** Marks keys whose client is a MAC. */
const otherFamily = 256

/** Which names a client resolved to an address: the last one, for as long as it is good. */
export class ResolvedNames {
  readonly #table: NameTable
  readonly #asked = new Asked<string>()
  #refused = 0

  constructor(limit: number) {
    this.#table = new NameTable(9, limit)
  }

  get size(): number {
    return this.#table.size
  }

  get evicted(): number {
    return this.#table.evicted
  }

  /** Questions whose name is none of a host. */
  get refused(): number {
    return this.#refused
  }

  /** Takes the addresses out of an answer without an error to a query (RFC 1035 4.1.1). */
  learn(event: DnsEvent): void {
    const { message } = event
    if (!message.isResponse || message.opCode !== 0 || message.responseCode !== 0) return
    const asked = message.questions[0]?.name
    if (asked === undefined || message.answerCount === 0) return
    const name = hostName(withoutService(asked))
    if (name === undefined) {
      this.#refused++
      return
    }
    for (const { address, ttl } of addressesOf(message, asked.toLowerCase()))
      this.#put(event, name, address, ttl)
  }

  /** Counts whatever changes what `find` gives. */
  get changes(): number {
    return this.#table.changes
  }

  /** What the source resolved to the destination, as it stood at `start` (µs). */
  find(packet: Packet, start: number): string | undefined {
    const { changes, size } = this.#table
    if (size === 0) return undefined
    if (this.#asked.about(packet, start, changes)) return this.#asked.answer
    return this.#asked.keep(packet, start, changes, this.#search(packet, start))
  }

  #search(packet: Packet, start: number): string | undefined {
    const table = this.#table
    const { source0, source1, source2, source3, family } = packet
    const { destination0, destination1, destination2, destination3 } = packet
    writeAddress(table.key, 0, source0, source1, source2, source3)
    writeAddress(table.key, 4, destination0, destination1, destination2, destination3)
    table.key[8] = family
    const name = this.#valid(start)
    if (name !== undefined || !packet.onLink) return name
    writeAddress(table.key, 0, packet.sourceMacHigh, packet.sourceMacLow, 0, 0)
    table.key[8] = otherFamily | family
    return this.#valid(start)
  }

  #valid(start: number): string | undefined {
    const table = this.#table
    const slot = table.find()
    if (slot < 0 || start < table.since(slot) || start > table.until(slot)) return undefined
    return table.name(slot)
  }

  #put(event: DnsEvent, name: string, address: IpAddress, ttl: number): void {
    const table = this.#table
    const { time } = event.packet
    if (!this.#writeKey(event.packet, address)) return
    const slot = table.find()
    const known = slot >= 0 && table.until(slot) >= time
    if (known && table.name(slot) === name) {
      const until = Math.max(table.until(slot), expiry(time, ttl))
      table.put(name, 1, Math.min(time, table.since(slot)), until)
    } else if (!known || event.rtt !== undefined) {
      // An answer that nobody was seen to ask for may be forged: it takes no other name's place.
      table.put(name, 1, time, expiry(time, ttl))
    }
  }

  /**
   * Who got the answer is the client, whoever seemed to open the conversation. One that asks over
   * IPv4 for an IPv6 address, or the reverse, will come from an address that nobody knows yet: it is
   * known by its card. False where there is none.
   */
  #writeKey(packet: Packet, address: IpAddress): boolean {
    const { key } = this.#table
    writeAddress(key, 4, address.word0, address.word1, address.word2, address.word3)
    if (address.family === packet.family) {
      key[8] = address.family
      const { source0, source1, source2, source3, fromResponder } = packet
      const { destination0, destination1, destination2, destination3 } = packet
      if (fromResponder) writeAddress(key, 0, source0, source1, source2, source3)
      else writeAddress(key, 0, destination0, destination1, destination2, destination3)
      return true
    }
    key[8] = otherFamily | address.family
    const { sourceMacHigh, sourceMacLow, destinationMacHigh, destinationMacLow } = packet
    if (packet.fromResponder) writeAddress(key, 0, sourceMacHigh, sourceMacLow, 0, 0)
    else writeAddress(key, 0, destinationMacHigh, destinationMacLow, 0, 0)
    return packet.onLink
  }
}

/** RFC 9460 2.3: `_8443._https.example.com` asks for `example.com`. */
function withoutService(name: string): string {
  let start = 0
  while (name[start] === '_') {
    const dot = name.indexOf('.', start)
    if (dot < 0) break
    start = dot + 1
  }
  return start === 0 ? name : name.slice(start)
}
