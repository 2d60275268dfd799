import { type AddressChanges } from './address-changes.ts'
import { type AddressClaims } from './address-claims.ts'
import { type CardIndex } from './card-index.ts'
import { type Device } from './device.ts'
import { type DeviceStore } from './device-store.ts'
import { type DeviceTeller } from './device-teller.ts'
import { mergeFacts } from './facts-merge.ts'
import { Identities, type Match } from './identity.ts'
import { addClaim, hasAddress, type Newcomer, type Newcomers } from './newcomers.ts'
import { cardLimit, deviceId, Profile } from './profile.ts'
import { type Sighting } from './sighting.ts'
import { type Silence } from './silence.ts'
import { isLocallyAdministered } from './vendor.ts'

export interface ReceptionParts {
  readonly cards: CardIndex
  readonly store: DeviceStore
  readonly claims: AddressClaims
  readonly changes: AddressChanges
  readonly silence: Silence
  readonly teller: DeviceTeller
  readonly newcomers: Newcomers
}

/** Two cards of one device that take turns so often in so many µs are of two devices. */
const swapLimit = 6
const swapWindow = 600 * 1e6
/** Devices that were read from the disk and can be recognised after a step more. */
const learnedAtOnce = 2048

/** Receives cards that were never seen: tells whether they are of a known device or a new one. */
export class Reception {
  readonly #parts: ReceptionParts
  readonly #identities = new Identities()

  constructor(parts: ReceptionParts) {
    this.#parts = parts
  }

  /** A card as it was read from the disk. */
  restore(device: Device): void {
    const { cards, claims, silence } = this.#parts
    cards.add(device)
    claims.restore(device)
    this.#identities.restore(device.profile)
    silence.follow(device.profile)
  }

  /** One step of the work that a start leaves for later. */
  catchUp(): void {
    this.#identities.step(learnedAtOnce)
  }

  /** A card is there that nobody knows; `observed` is the time (µs) that was watched until now. */
  meet(device: Device, seen: Sighting, observed: number): void {
    const { cards, newcomers } = this.#parts
    cards.add(device)
    while (newcomers.isFull) this.#settleFirst(seen.time)
    const newcomer = newcomers.add(device, seen, observed)
    if (seen.family !== 0) addClaim(newcomer, seen)
    if (newcomer.due <= seen.time || this.#isClear(newcomer)) this.#settle(newcomer, seen.time)
  }

  /** A card that is held back has an address more. */
  addressed(newcomer: Newcomer, seen: Sighting): void {
    addClaim(newcomer, seen)
    if (this.#isClear(newcomer)) this.#settle(newcomer, seen.time)
  }

  /** A device has told something more of itself. */
  learnt(device: Device): void {
    const { newcomers, silence } = this.#parts
    if (newcomers.get(device) !== undefined) return
    this.#identities.learn(device.profile)
    silence.follow(device.profile)
  }

  /** Whoever has waited long enough at `time` (µs) is told. */
  advance(time: number): void {
    const { newcomers } = this.#parts
    for (;;) {
      const newcomer = newcomers.takeDue(time)
      if (newcomer === undefined) return
      this.#settle(newcomer, newcomer.due)
    }
  }

  settleAll(): void {
    this.advance(Number.POSITIVE_INFINITY)
  }

  /** A card of a device that has several has sent something at `time` (µs). */
  sent(device: Device, time: number): void {
    const { profile } = device
    if (profile.active === device) return
    if (time - profile.swapsSince > swapWindow) {
      profile.swaps = 0
      profile.swapsSince = time
    }
    profile.active = device
    profile.swaps++
    if (profile.swaps > swapLimit) this.#part(profile, time)
  }

  /**
   * Nothing more is awaited: who has an address is told at once if it can be nobody known. Else the
   * whole time is waited for, as the one that it is like may be heard meanwhile.
   */
  #isClear(newcomer: Newcomer): boolean {
    if (!hasAddress(newcomer)) return false
    return !isLocallyAdministered(newcomer.device.high) || this.#identities.isEmpty
  }

  #settleFirst(time: number): void {
    const newcomer = this.#parts.newcomers.takeFirst()
    if (newcomer !== undefined) this.#settle(newcomer, Math.min(newcomer.due, time))
  }

  #settle(newcomer: Newcomer, time: number): void {
    const { newcomers, changes } = this.#parts
    const { device } = newcomer
    newcomers.remove(device)
    const match = this.#identities.find(device)
    if (match === undefined) this.#introduce(newcomer, time)
    else this.#recognise(newcomer, match, time)
    for (const claim of newcomer.claims) changes.claimed(device, claim, true)
  }

  #introduce({ device, seen, observed }: Newcomer, time: number): void {
    const { store, teller, silence } = this.#parts
    this.#identities.learn(device.profile)
    silence.follow(device.profile)
    store.add(device)
    teller.tell('device-new', device, { seen, time, observed })
  }

  #recognise({ device, seen, observed }: Newcomer, match: Match, time: number): void {
    const { store, teller, silence } = this.#parts
    const { profile, score, evidence, candidates } = match
    const macs = profile.cards.map(card => card.mac)
    const { facts } = device.profile
    if (facts !== undefined) mergeFacts(profile.own, facts)
    profile.join(device)
    profile.active = device
    this.#forgetOldest(profile, device)
    this.#identities.learn(profile)
    silence.follow(profile)
    store.add(device)
    const identity = { score, evidence, macs, candidates }
    teller.tell('device-new-address', device, { seen, time, observed }, { change: 'mac', identity })
  }

  /** A device is remembered no longer, nor any of its cards. */
  forget(profile: Profile): void {
    this.#identities.forget(profile)
    this.#parts.silence.forget(profile)
    for (const card of profile.cards) this.#drop(card)
  }

  #drop(card: Device): void {
    const { cards, claims, store } = this.#parts
    cards.remove(card)
    claims.forget(card)
    store.remove(card)
  }

  /** Not the card by which the device got its id. */
  #forgetOldest(profile: Profile, newest: Device): void {
    if (profile.cards.length <= cardLimit) return
    const old = profile.cards.filter(card => card !== newest && deviceId(card.mac) !== profile.id)
    const [first, ...rest] = old
    if (first === undefined) return
    const oldest = rest.reduce((a, b) => (b.lastSeen < a.lastSeen ? b : a), first)
    profile.leave(oldest)
    this.#drop(oldest)
  }

  /** Two cards that are there at once are two devices after all: the later one is its own. */
  #part(profile: Profile, time: number): void {
    profile.swaps = 0
    const later = profile.cards.findLast(card => deviceId(card.mac) !== profile.id)
    if (later === undefined) return
    const { store, teller, silence } = this.#parts
    profile.leave(later)
    const own = new Profile(deviceId(later.mac), later.firstSeen)
    if (profile.facts !== undefined) mergeFacts(own.own, profile.facts)
    own.join(later)
    this.#identities.learn(own)
    silence.follow(own)
    store.add(later)
    teller.tell('device-new', later, { time }, { apartFrom: profile.id })
  }
}
