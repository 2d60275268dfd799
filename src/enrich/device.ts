import { ipText } from '../decode/address.ts'
import { macText } from '../decode/mac.ts'
import { deviceId, Profile } from './profile.ts'

/** Addresses that one device may have; a busy router or a host with privacy addresses has dozens. */
export const addressLimit = 64
/** µs for which an address must have been silent before a new one may take its place. */
const staleAfter = 24 * 3600 * 1e6

/** Counts whatever changes which card has which address. */
export const inventory = { changes: 0 }

/** What told of a device. */
export const evidences = ['arp', 'ndp', 'ip', 'dhcp'] as const
export type Evidence = (typeof evidences)[number]

export interface DeviceAddress {
  readonly family: number
  readonly word0: number
  readonly word1: number
  readonly word2: number
  readonly word3: number
  readonly vlan: number
  /** µs of event time, as all times here. */
  readonly first: number
  last: number
  /** Another device has claimed it since. */
  lost: boolean
}

/**
 * One network card on a link, and through `profile` the device that it belongs to: one with a MAC
 * that it makes up has had several. Times are µs of event time.
 */
export class Device {
  /** The address that was asked for last, and its words: all stages ask for it, so they are at hand. */
  #latest: DeviceAddress | undefined
  #family = 0
  #word0 = 0
  #word1 = 0
  #word2 = 0
  #word3 = 0
  readonly high: number
  readonly low: number
  readonly mac: string
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  /** It is the sensor's own. */
  readonly self: boolean
  readonly firstSeen: number
  lastSeen: number
  /** Last frame that the card itself sent. */
  lastSent: number
  /** µs before it was written in which nobody watched, as the observed clock counts them. */
  missed = 0
  /** `lastSeen` as the disk has it; -1 before the device was written. */
  saved = -1
  addresses: readonly DeviceAddress[] = []
  profile: Profile
  /** Its device has other cards, too. */
  isOneOfMany = false

  /** `profile` when the device is known. */
  constructor(facts: DeviceFacts, profile?: Profile) {
    this.high = facts.high
    this.low = facts.low
    this.mac = macText(facts.high, facts.low) ?? ''
    this.interface = facts.interface
    this.vlan = facts.vlan
    this.evidence = facts.evidence
    this.self = facts.self
    this.firstSeen = facts.firstSeen
    this.lastSeen = facts.lastSeen ?? facts.firstSeen
    this.lastSent = this.lastSeen
    this.profile = profile ?? new Profile(deviceId(this.mac), facts.firstSeen)
    this.profile.join(this)
  }

  /** Of the device: stays the same when it has another MAC and is known again. */
  get id(): string {
    return this.profile.id
  }

  /** The address of these words, undefined when the device is not known to have it. */
  find(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
  ): DeviceAddress | undefined {
    if (
      this.#word0 === word0 &&
      this.#word3 === word3 &&
      this.#word1 === word1 &&
      this.#word2 === word2 &&
      this.#family === family
    ) {
      return this.#latest
    }
    const isIt = (a: DeviceAddress) =>
      a.word0 === word0 &&
      a.word3 === word3 &&
      a.word1 === word1 &&
      a.word2 === word2 &&
      a.family === family
    return this.#keep(this.addresses.find(isIt))
  }

  #keep(address: DeviceAddress | undefined): DeviceAddress | undefined {
    if (address === undefined) return undefined
    this.#latest = address
    this.#family = address.family
    this.#word0 = address.word0
    this.#word1 = address.word1
    this.#word2 = address.word2
    this.#word3 = address.word3
    return address
  }

  /** False when there is no room: every address was in use lately. */
  add(address: DeviceAddress): boolean {
    let kept = this.addresses
    if (kept.length >= addressLimit) {
      const oldest = kept.reduce((a, b) => (b.last < a.last ? b : a))
      if (address.first - oldest.last < staleAfter) return false
      kept = kept.filter(one => one !== oldest)
    }
    // As long as it is, not as `push` would make it: most have one or two.
    this.addresses = [...kept, address]
    this.#keep(address)
    inventory.changes++
    return true
  }

  get ips(): string[] {
    return this.addresses.flatMap(a => ipText(a.family, a.word0, a.word1, a.word2, a.word3) ?? [])
  }
}

export interface DeviceFacts {
  readonly high: number
  readonly low: number
  readonly interface: string
  readonly vlan: number
  readonly evidence: Evidence
  readonly self: boolean
  readonly firstSeen: number
  readonly lastSeen?: number
}

/** Six bytes: the key of a card in the memory. */
export function deviceKey({ high, low }: { high: number; low: number }): Buffer {
  const key = Buffer.alloc(6)
  key.writeUIntBE(high, 0, 3)
  key.writeUIntBE(low, 3, 3)
  return key
}
