import { type FlowEvent } from '../decode/flow.ts'
import { type Packet } from '../decode/packet.ts'
import { type ProtocolEvent } from '../protocols/protocol.ts'
import { destinationOf, sourceOf } from './device-ends.ts'
import { type Devices } from './devices.ts'
import { type Home } from './direction.ts'
import { Geo } from './geo.ts'
import { type Place } from './geo-database.ts'
import { type GeoOptions } from './geo-files.ts'
import { type DomainName, Names, type NamesOptions } from './names.ts'

export interface EnrichmentOptions {
  readonly names: NamesOptions
  readonly geo: GeoOptions
}

/** The rest of the sensor that is asked, as it is at that moment. */
export interface EnrichmentParts {
  readonly home: () => Home
  /** The inventory, where there is one. */
  readonly devices?: Devices
}

/** What is known of one end of a conversation. */
export interface EndFacts {
  readonly place: Place | undefined
  /** Id of the device that has the address, as the inventory knows it. */
  readonly device: string | undefined
}

/** What is known of addresses: their names, their places, and whose they are. */
export class Enrichment {
  readonly names: Names
  readonly geo: Geo
  readonly #parts: EnrichmentParts

  /** Throws `CONFIG_INVALID` for a file of the operator's that cannot be used. */
  constructor({ names, geo }: EnrichmentOptions, parts: EnrichmentParts) {
    this.names = new Names(names)
    this.geo = new Geo(geo)
    this.#parts = parts
  }

  /** Learns what a protocol told; before anyone asks about the event. */
  learn(event: ProtocolEvent): void {
    this.names.learn(event)
  }

  /** Learns of a conversation that starts; before anyone asks about the event. */
  began(event: FlowEvent): void {
    if (event.action === 'start') this.names.began(event)
  }

  /** Forgets a conversation that is over; after everyone has asked. */
  ended(event: FlowEvent): void {
    if (event.action === 'end') this.names.end(event.packet)
  }

  /** The name of the destination of a conversation that began at `start` (µs). */
  destinationName(packet: Packet, start?: number): DomainName | undefined {
    return this.names.destinationName(packet, start)
  }

  source(packet: Packet): EndFacts {
    const { family, source0, source1, source2, source3 } = packet
    const { devices } = this.#parts
    return {
      place: this.#place(family, source0, source1, source2, source3),
      device: devices && sourceOf(packet, devices)?.id,
    }
  }

  destination(packet: Packet): EndFacts {
    const { family, destination0, destination1, destination2, destination3 } = packet
    const { devices } = this.#parts
    return {
      place: this.#place(family, destination0, destination1, destination2, destination3),
      device: devices && destinationOf(packet, devices)?.id,
    }
  }

  #place(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): Place | undefined {
    if (this.#parts.home().has(family, word0, word1, word2, word3)) return undefined
    return this.geo.place(family, word0, word1, word2, word3)
  }
}
