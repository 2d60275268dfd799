import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { AddressChanges } from './address-changes.ts'
import { AddressClaims } from './address-claims.ts'
import { type Annotation, annotate, oneDevice } from './annotation.ts'
import { CardIndex } from './card-index.ts'
import { Device } from './device.ts'
import { type DeviceCounts } from './device-counts.ts'
import { type DeviceAction, type DeviceNews } from './device-event.ts'
import { DeviceStore } from './device-store.ts'
import { DeviceTeller, type TellerOptions } from './device-teller.ts'
import { addText, type DeviceNameSource, type Duty, type Facts, factLimits } from './facts.ts'
import { Forgetting } from './forgetting.ts'
import { ObservedClock } from './learning.ts'
import { isStation } from './mac-class.ts'
import { Newcomers } from './newcomers.ts'
import { type LinkInterface, OwnInterfaces } from './own-interfaces.ts'
import { type Profile } from './profile.ts'
import { Recent } from './recent.ts'
import { Reception } from './reception.ts'
import { Returns } from './returns.ts'
import { type Sighting } from './sighting.ts'
import { Silence, type Watched } from './silence.ts'

export interface DevicesOptions extends TellerOptions {
  readonly environment: Environment
  /** Most cards in the inventory. */
  readonly limit: number
  /** µs of event time for which a newcomer is held back when it may be somebody known; default 0. */
  readonly grace?: number
  /** µs of silence after which a device has returned; default: never. */
  readonly returnedAfter?: number
  /** µs of silence after which a device is forgotten; default: never. */
  readonly forgetAfter?: number
  /** Devices whose silence is told. */
  readonly watch?: readonly Watched[]
  /** Takes a device with what comes of it, such as an alert. */
  readonly journal: Pick<Journal, 'add'>
}

const second = 1e6
const never = Number.POSITIVE_INFINITY
const oddPause = 24 * 3600 * second

/**
 * The inventory: who is on the links. Keeps all devices in memory and in the environment; a new
 * device and its alert are one transaction. Feed it through `observe` (evidence.ts) and `Lessons`
 * (lessons.ts).
 */
export class Devices {
  readonly #options: DevicesOptions
  readonly #cards = new CardIndex()
  readonly #clock: ObservedClock
  readonly #store: DeviceStore
  readonly #interfaces = new OwnInterfaces()
  readonly #claims = new AddressClaims()
  readonly #changes: AddressChanges
  readonly #newcomers: Newcomers
  readonly #silence: Silence
  readonly #returns: Returns
  readonly #teller: DeviceTeller
  readonly #reception: Reception
  readonly #forgetting: Forgetting
  readonly #told = new Recent(4096)
  #refused = 0
  #nextStep = Number.NEGATIVE_INFINITY

  /** Reads the devices that the environment knows. */
  constructor(options: DevicesOptions) {
    const { environment, grace = 0, returnedAfter = never, watch = [] } = options
    this.#options = options
    this.#clock = new ObservedClock(environment)
    this.#store = new DeviceStore(options, this.#clock)
    this.#newcomers = new Newcomers(grace)
    this.#silence = new Silence(watch, returnedAfter, this.#clock)
    this.#teller = new DeviceTeller(options, this.#clock, () => this.#cards.size)
    const parts = {
      cards: this.#cards,
      store: this.#store,
      claims: this.#claims,
      silence: this.#silence,
      teller: this.#teller,
      newcomers: this.#newcomers,
      link: (ifindex: number) => this.#interfaces.name(ifindex),
      returnedAfter,
    }
    this.#returns = new Returns(parts)
    this.#changes = new AddressChanges(parts)
    this.#reception = new Reception({ ...parts, changes: this.#changes })
    const after = options.forgetAfter ?? never
    this.#forgetting = new Forgetting({ ...parts, after, reception: this.#reception })
    for (const device of this.#store.load(options.limit)) this.#reception.restore(device)
  }

  get counts(): DeviceCounts {
    return {
      known: this.#cards.size,
      refused: this.#refused,
      forgotten: this.#forgetting.forgotten,
      evicted: this.#forgetting.evicted,
      addressesRefused: this.#changes.refused,
      damaged: this.#store.damaged,
      learningLeft: Math.max(0, this.#options.learning - this.#clock.observed(this.#clock.latest)),
    }
  }

  /** All cards, those first seen last at the end. */
  [Symbol.iterator](): IterableIterator<Device> {
    return this.#cards[Symbol.iterator]()
  }

  /** The card with this MAC (two numbers of 24 bits), and with it its device. */
  get(high: number, low: number): Device | undefined {
    return this.#cards.get(high, low)
  }

  /** Whose the address of a sighting is. */
  ownerOf(seen: Sighting): Device | undefined {
    return this.#claims.owner(this.#interfaces.name(seen.ifindex), seen)
  }

  /** The card of a sighting asks a DHCP server for its address, or is given it. */
  leased(seen: Sighting): void {
    this.#claims.lease(this.#interfaces.name(seen.ifindex), seen)
  }

  /** Which interfaces there are now: their MACs are the sensor's own. */
  setInterfaces(interfaces: readonly LinkInterface[]): void {
    this.#interfaces.set(interfaces)
  }

  /** Moves all clocks on to `time` (µs); a live sensor calls it when idle. */
  advance(time: number): void {
    if (time >= this.#newcomers.nextDue) this.#reception.advance(time)
    if (time < this.#nextStep) return
    this.#clock.advance(time)
    this.#nextStep = time + second
    this.#reception.catchUp()
    this.#returns.listen(time)
    this.#store.save(this.#cards, time, this.#forgetting)
  }

  /** Takes note that a device was seen with an address, or with none (family 0). */
  sighted(seen: Sighting): void {
    this.advance(seen.time)
    const device = this.#cards.get(seen.high, seen.low)
    if (device === undefined) this.#meet(seen)
    else this.#meetAgain(device, seen)
  }

  /** A device calls itself so. */
  named(device: Device, source: DeviceNameSource, name: string, time: number): void {
    const { profile } = device
    const before = profile.own.addName(source, name, time)
    if (before === undefined) return
    this.#learnt(device)
    if (before === '' || this.#newcomers.get(device) !== undefined) return
    this.#store.update(device)
    this.#teller.tell('device-renamed', device, { time }, { name, previousName: before })
  }

  /** `change` writes to the facts of a device and says whether there was anything new. */
  teach(device: Device, change: (facts: Facts) => boolean): void {
    if (change(device.profile.own)) this.#learnt(device)
  }

  /** A text belongs to one of the lists of a device. */
  note(device: Device, list: 'ja4' | 'agents' | 'announced', text: string): void {
    if (device.profile.facts?.[list].includes(text) === true) return
    this.teach(device, facts => addText(facts[list], text, factLimits[list]))
  }

  /** A device was seen doing what only some do. */
  serves(device: Device, duty: Duty, time: number): void {
    device.profile.serves(duty, time)
  }

  /** Something is odd about a sighting; told once a day for each `key`. */
  odd(action: DeviceAction, seen: Sighting, key: string, news: DeviceNews = {}): void {
    const device = this.#cards.get(seen.high, seen.low)
    if (device === undefined || !this.#told.isDue(`${action} ${key}`, seen.time, oddPause)) return
    this.#teller.tell(action, device, { seen }, news)
  }

  /** An operator writes something to the one device with this handle. Throws USAGE. */
  annotate(handle: string, annotation: Annotation): Profile {
    const profile = oneDevice(this.#cards, handle)
    annotate(profile.own, annotation)
    this.#silence.follow(profile)
    for (const card of profile.cards) if (card.saved >= 0) this.#store.update(card)
    return profile
  }

  /** Nobody is held back any longer, as nothing more comes. */
  settle(): void {
    this.#reception.settleAll()
  }

  /** After a flush of the journal: writes what the disk does not know yet; resolves when it is there. */
  async flush(): Promise<void> {
    await this.#store.saveAll(this.#cards)
  }

  #learnt(device: Device): void {
    device.profile.changed = true
    this.#reception.learnt(device)
  }

  #meetAgain(device: Device, seen: Sighting): void {
    if (seen.time - device.lastSeen >= this.#silence.shortest) this.#returns.heard(device, seen)
    if (seen.time > device.lastSeen) device.lastSeen = seen.time
    if (seen.direct && seen.time > device.lastSent) device.lastSent = seen.time
    if (seen.direct && device.isOneOfMany) this.#reception.sent(device, seen.time)
    const { family, word0, word1, word2, word3 } = seen
    if (family === 0) return
    const address = device.find(family, word0, word1, word2, word3)
    if (address === undefined) {
      this.#addAddress(device, seen)
      return
    }
    if (seen.time > address.last) address.last = seen.time
    if (address.lost && seen.direct && seen.evidence !== 'ip') this.#changes.claimed(device, seen)
  }

  #meet(seen: Sighting): void {
    if (!isStation(seen.high, seen.low)) return
    const isFull = this.#cards.size >= this.#options.limit
    if (isFull && !this.#forgetting.makeRoom(seen.time)) {
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
    if (seen.family !== 0) this.#changes.add(device, seen)
    this.#reception.meet(device, seen, this.#clock.observed(seen.time))
  }

  #addAddress(device: Device, seen: Sighting): void {
    const newcomer = this.#newcomers.get(device)
    if (newcomer === undefined) this.#changes.claimed(device, seen)
    else if (this.#changes.add(device, seen)) this.#reception.addressed(newcomer, seen)
  }
}
