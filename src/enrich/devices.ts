import { ipText } from '../decode/address.ts'
import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { Device, type DeviceAddress } from './device.ts'
import { type DeviceEvent } from './device-event.ts'
import { DeviceStore } from './device-store.ts'
import { ObservedClock } from './learning.ts'
import { isStation } from './mac-class.ts'
import { type LinkInterface, OwnInterfaces } from './own-interfaces.ts'
import { type Sighting } from './sighting.ts'
import { isLocallyAdministered } from './vendor.ts'

export interface DevicesOptions {
  readonly environment: Environment
  /** Most devices in the inventory. */
  readonly limit: number
  /** µs of observed time in which a new device is learnt without an alert. */
  readonly learning: number
  readonly vendor: (high: number, low: number) => string | undefined
  /** Takes a device with what comes of it, such as an alert. */
  readonly journal: Pick<Journal, 'add'>
  /** Told within the turn of the journal that has the device. */
  readonly onEvent: (event: DeviceEvent) => void
}

export interface DeviceCounts {
  readonly known: number
  /** Sightings of devices for which there was no room. */
  readonly refused: number
  /** Addresses for which a device had no room. */
  readonly addressesRefused: number
  /** Stored records that could not be read. */
  readonly damaged: number
  /** µs of learning left; 0: a new device is an alert. */
  readonly learningLeft: number
}

const second = 1e6
/** Known devices are found here without hashing; direct-mapped, a power of two. */
const cacheSize = 2048

/**
 * The inventory: who is on the links. Keeps all devices in memory and in the environment; a new
 * device and its alert are one transaction. Feed it through `observe` (evidence.ts).
 */
export class Devices {
  readonly #options: DevicesOptions
  readonly #byMac = new Map<number, Device>()
  readonly #cache = new Array<Device | undefined>(cacheSize).fill(undefined)
  readonly #clock: ObservedClock
  readonly #store: DeviceStore
  readonly #interfaces = new OwnInterfaces()
  #refused = 0
  #addressesRefused = 0
  #nextStep = Number.NEGATIVE_INFINITY

  /** Reads the devices that the environment knows. */
  constructor(options: DevicesOptions) {
    this.#options = options
    this.#clock = new ObservedClock(options.environment)
    this.#store = new DeviceStore(options, this.#clock)
    for (const device of this.#store.load(options.limit)) this.#remember(device)
  }

  get counts(): DeviceCounts {
    return {
      known: this.#byMac.size,
      refused: this.#refused,
      addressesRefused: this.#addressesRefused,
      damaged: this.#store.damaged,
      learningLeft: Math.max(0, this.#options.learning - this.#clock.observed(this.#clock.latest)),
    }
  }

  /** All devices, those first seen last at the end. */
  [Symbol.iterator](): IterableIterator<Device> {
    return this.#byMac.values()
  }

  /** The device with this MAC (two numbers of 24 bits). */
  get(high: number, low: number): Device | undefined {
    const slot = (Math.imul(low ^ Math.imul(high, 31), 0x9e3779b1) >>> 21) & (cacheSize - 1)
    const cached = this.#cache[slot]
    if (cached !== undefined && cached.low === low && cached.high === high) return cached
    const found = this.#byMac.get(macKey(high, low))
    if (found !== undefined) this.#cache[slot] = found
    return found
  }

  /** Which interfaces there are now: their MACs are the sensor's own. */
  setInterfaces(interfaces: readonly LinkInterface[]): void {
    this.#interfaces.set(interfaces)
  }

  /** Moves the clock of learning and saving on to `time` (µs); a live sensor calls it when idle. */
  advance(time: number): void {
    if (time < this.#nextStep) return
    this.#clock.advance(time)
    this.#nextStep = time + second
    this.#store.save(this.#byMac, time)
  }

  /** Takes note that a device was seen with an address, or with none (family 0). */
  sighted(seen: Sighting): void {
    if (seen.time >= this.#nextStep) this.advance(seen.time)
    const device = this.get(seen.high, seen.low)
    if (device === undefined) this.#meet(seen)
    else this.#meetAgain(device, seen)
  }

  /** Writes everything that the disk does not know yet; resolves when it is there. */
  async flush(): Promise<void> {
    await this.#store.saveAll(this.#byMac)
  }

  #meetAgain(device: Device, seen: Sighting): void {
    if (seen.time > device.lastSeen) device.lastSeen = seen.time
    const { family, word0, word1, word2, word3 } = seen
    if (family === 0) return
    const address = device.find(family, word0, word1, word2, word3)
    if (address === undefined) this.#addAddress(device, seen)
    else if (seen.time > address.last) address.last = seen.time
  }

  #meet(seen: Sighting): void {
    if (!isStation(seen.high, seen.low)) return
    if (this.#byMac.size >= this.#options.limit) {
      this.#refused++
      return
    }
    const device = new Device({
      high: seen.high,
      low: seen.low,
      interface: this.#interfaces.name(seen.ifindex),
      vlan: seen.vlan,
      evidence: seen.evidence,
      self: this.#interfaces.isOwn(seen.high, seen.low),
      firstSeen: seen.time,
    })
    if (seen.family !== 0) device.add(addressOf(seen))
    this.#remember(device)
    this.#store.add(device)
    this.#options.onEvent(this.#event('device-new', device, seen))
  }

  #addAddress(device: Device, seen: Sighting): void {
    if (!device.add(addressOf(seen))) {
      this.#addressesRefused++
      return
    }
    this.#store.update(device)
    this.#options.onEvent(this.#event('device-new-address', device, seen))
  }

  #remember(device: Device): void {
    this.#byMac.set(macKey(device.high, device.low), device)
  }

  #event(action: DeviceEvent['action'], device: Device, seen: Sighting): DeviceEvent {
    const { family, word0, word1, word2, word3, time, evidence } = seen
    const sourceIp = ipText(family, word0, word1, word2, word3)
    const vendor = this.#options.vendor(device.high, device.low)
    const observed = this.#clock.observed(time)
    return {
      kind: 'device',
      action,
      time,
      deviceId: device.id,
      sourceMac: device.mac,
      ...(sourceIp === undefined ? {} : { sourceIp }),
      addresses: device.ips,
      ...(vendor === undefined ? {} : { vendor }),
      randomised: isLocallyAdministered(device.high),
      interface: device.interface,
      vlan: device.vlan,
      evidence,
      firstSeen: device.firstSeen,
      self: device.self,
      learning: observed < this.#options.learning,
      epoch: this.#clock.start,
      observed,
      known: this.#byMac.size,
    }
  }
}

function addressOf({ family, word0, word1, word2, word3, time }: Sighting): DeviceAddress {
  return { family, word0, word1, word2, word3, first: time, last: time }
}

function macKey(high: number, low: number): number {
  return high * 0x1000000 + low
}
