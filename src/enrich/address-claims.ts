import { mix } from '../decode/mix.ts'
import { type Device, type DeviceAddress } from './device.ts'
import { type Profile } from './profile.ts'
import { type Sighting } from './sighting.ts'
import { WordMap } from './word-map.ts'

/** What a claim of an address means for the device that had it before. */
export interface Claim {
  /**
   * `own`: nobody else has it. `refused`: it is another's, and the claim proves nothing.
   * `moved`: another device let go of it long ago or by DHCP. `failover`: routers that back each
   * other up. `changed`: another device had it just now. `flipped`: and it is back again.
   */
  readonly outcome: 'own' | 'refused' | 'moved' | 'failover' | 'changed' | 'flipped'
  readonly previous?: Device
  /** µs when the device before used it last. */
  readonly previousLast?: number
}

const minute = 60 * 1e6
/** An owner that has been silent for so long has gone; whoever takes its address takes it from nobody. */
const goneAfter = 24 * 60 * minute
/** No DHCP server takes an address away from somebody who used it so lately. */
const leaseAfter = 5 * minute
/** A lease explains a claim that comes so soon after it. */
const leaseFor = 10 * minute
const leaseLimit = 8192

const own: Claim = { outcome: 'own' }
const refused: Claim = { outcome: 'refused' }

interface Lease {
  readonly mac: number
  readonly time: number
}

/** Which card has which address on each link, and what it means when another one claims it. */
export class AddressClaims {
  readonly #owners = new WordMap<Device>()
  /** What the last call of `#hash` made. */
  #one = 0
  #two = 0
  readonly #leases = new Map<number, Lease>()
  readonly #links = new Map<string, number>()

  /** Whose the address is: as it was read from the disk. */
  restore(device: Device): void {
    for (const address of device.addresses) {
      if (address.lost) continue
      this.#hash(device.interface, address)
      const known = this.#owners.get(this.#one, this.#two)
      const last = known && find(known, address)?.last
      if (last === undefined || last <= address.last) this.#owners.set(this.#one, this.#two, device)
    }
  }

  /** Whose the address is, where that is known. */
  owner(link: string, seen: Sighting): Device | undefined {
    this.#hash(link, seen)
    const device = this.#owners.get(this.#one, this.#two)
    return device && find(device, seen) && device
  }

  forget(device: Device): void {
    for (const address of device.addresses) {
      this.#hash(device.interface, address)
      const isIts = this.#owners.get(this.#one, this.#two) === device
      if (isIts) this.#owners.delete(this.#one, this.#two)
    }
  }

  /** A server gives the address (words as a sighting) to a card, or the card asks for it. */
  lease(link: string, seen: Sighting): void {
    const key = this.#key(link, seen)
    this.#leases.delete(key)
    if (this.#leases.size >= leaseLimit) {
      const [oldest] = this.#leases.keys()
      if (oldest !== undefined) this.#leases.delete(oldest)
    }
    this.#leases.set(key, { mac: seen.high * 0x1000000 + seen.low, time: seen.time })
  }

  /** A device claims an address that is not its own at present. */
  judge(link: string, device: Device, seen: Sighting): Claim {
    const previous = this.owner(link, seen)
    const address = previous && find(previous, seen)
    if (previous === undefined || address === undefined) return own
    if (previous.profile === device.profile) return own
    const facts = { previous, previousLast: address.last }
    const silence = seen.time - address.last
    if (silence < goneAfter && !isProof(seen)) return refused
    if (silence >= goneAfter) return { outcome: 'moved', ...facts }
    if (isRedundant(device.profile) && isRedundant(previous.profile))
      return { outcome: 'failover', ...facts }
    if (silence >= leaseAfter && this.#isLeased(link, seen)) return { outcome: 'moved', ...facts }
    return { outcome: find(device, seen)?.lost === true ? 'flipped' : 'changed', ...facts }
  }

  /** The address is the device's from now on; whoever had it has lost it. */
  take(link: string, device: Device, seen: Sighting): void {
    this.#hash(link, seen)
    const previous = this.#owners.get(this.#one, this.#two)
    const lost = previous && previous !== device ? find(previous, seen) : undefined
    if (lost !== undefined) lost.lost = true
    const mine = find(device, seen)
    if (mine !== undefined) mine.lost = false
    this.#owners.set(this.#one, this.#two, device)
  }

  #isLeased(link: string, seen: Sighting): boolean {
    const lease = this.#leases.get(this.#key(link, seen))
    if (lease === undefined || lease.mac !== seen.high * 0x1000000 + seen.low) return false
    return seen.time - lease.time <= leaseFor
  }

  /** 53 bits of a hash, for a Map: two addresses are taken for one with a chance of 2^-53. */
  #key(link: string, address: Words): number {
    this.#hash(link, address)
    return (this.#one >>> 0) * 0x200000 + (this.#two >>> 11)
  }

  /** 64 bits: should two addresses be taken for one, `find` tells. */
  #hash(link: string, address: Words): void {
    let number = this.#links.get(link)
    if (number === undefined) {
      number = this.#links.size + 1
      this.#links.set(link, number)
    }
    const { family, word0, word1, word2, word3, vlan } = address
    let one = mix(0x243f6a88 ^ number, vlan * 8 + family)
    let two = mix(0x13198a2e ^ number, vlan * 8 + family)
    for (const word of [word0, word1, word2, word3]) {
      one = mix(one, word)
      two = mix(two ^ 0x55555555, word)
    }
    this.#one = one
    this.#two = two
  }
}

type Words = Pick<DeviceAddress, 'family' | 'word0' | 'word1' | 'word2' | 'word3' | 'vlan'>

function find(device: Device, { family, word0, word1, word2, word3 }: Omit<Words, 'vlan'>) {
  return device.find(family, word0, word1, word2, word3)
}

/** ARP and NDP say whose an address is; a packet with it may have come by way of another. */
function isProof({ evidence, direct }: Sighting): boolean {
  return direct && (evidence === 'arp' || evidence === 'ndp')
}

function isRedundant({ facts }: Profile): boolean {
  return facts?.has('speaks-router-redundancy') ?? false
}
