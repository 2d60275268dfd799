import { ipText } from '../decode/address.ts'
import { Crowd } from './crowd.ts'
import { type Device, type DeviceAddress } from './device.ts'
import { type DeviceAction, type DeviceEvent, type DeviceNews } from './device-event.ts'
import { type ObservedClock } from './learning.ts'
import { rolesOf } from './roles.ts'
import { type Sighting } from './sighting.ts'
import { isLocallyAdministered } from './vendor.ts'

export interface TellerOptions {
  /** µs of observed time in which a new device is learnt without an alert. */
  readonly learning: number
  readonly vendor: (high: number, low: number) => string | undefined
  /** Told within the turn of the journal that has the device. */
  readonly onEvent: (event: DeviceEvent) => void
}

/** What a sighting adds to an event, and when it is told. */
export interface Occasion {
  readonly seen?: Sighting
  /** µs; that of the sighting unless given. */
  readonly time?: number
  /** µs of observed time, where they are not those of now. */
  readonly observed?: number
}

/** Makes the events of the inventory. */
export class DeviceTeller {
  readonly #options: TellerOptions
  readonly #clock: ObservedClock
  readonly #known: () => number
  /** New devices without an address: those of a DHCP starvation are many. */
  readonly #crowd = new Crowd()

  constructor(options: TellerOptions, clock: ObservedClock, known: () => number) {
    this.#options = options
    this.#clock = clock
    this.#known = known
  }

  vendor(device: Device): string | undefined {
    return this.#options.vendor(device.high, device.low)
  }

  tell(action: DeviceAction, device: Device, occasion: Occasion, news: DeviceNews = {}): void {
    const { seen } = occasion
    const time = occasion.time ?? seen?.time ?? device.lastSeen
    const observed = occasion.observed ?? this.#clock.observed(time)
    const { family, word0, word1, word2, word3 } = seen ?? usual(device)
    const sourceIp = ipText(family, word0, word1, word2, word3)
    const { profile } = device
    this.#options.onEvent({
      kind: 'device',
      action,
      time,
      deviceId: device.id,
      sourceMac: device.mac,
      ...(sourceIp !== undefined && { sourceIp }),
      ...(action === 'device-new' && sourceIp === undefined && { crowd: this.#crowd.add(time) }),
      addresses: [...new Set(profile.cards.flatMap(card => card.ips))],
      ...this.#vendorOf(device),
      randomised: isLocallyAdministered(device.high),
      interface: device.interface,
      vlan: device.vlan,
      evidence: seen?.evidence ?? device.evidence,
      firstSeen: profile.firstSeen,
      names: profile.hostnames,
      roles: rolesOf(profile.facts),
      tags: profile.facts?.tags ?? [],
      self: device.self,
      learning: observed < this.#options.learning,
      epoch: this.#clock.start,
      observed,
      known: this.#known(),
      ...news,
    })
  }

  #vendorOf(device: Device): { readonly vendor?: string } {
    const vendor = this.vendor(device)
    return vendor === undefined ? {} : { vendor }
  }
}

const noAddress = { family: 0, word0: 0, word1: 0, word2: 0, word3: 0 }

/** The address by which people know the device: the IPv4 one that it used last, else any. */
function usual({ addresses }: Device): Omit<DeviceAddress, 'vlan' | 'first' | 'last' | 'lost'> {
  const later = (a: DeviceAddress, b: DeviceAddress) => (b.last > a.last ? b : a)
  const ipv4 = addresses.filter(({ family }) => family === 4)
  const [first, ...rest] = ipv4.length > 0 ? ipv4 : addresses
  return first === undefined ? noAddress : rest.reduce(later, first)
}
