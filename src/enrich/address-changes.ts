import { type AddressClaims, type Claim } from './address-claims.ts'
import { type Device } from './device.ts'
import { type DeviceNews } from './device-event.ts'
import { type DeviceStore } from './device-store.ts'
import { type DeviceTeller } from './device-teller.ts'
import { Recent } from './recent.ts'
import { type Sighting } from './sighting.ts'

export interface AddressChangesParts {
  readonly claims: AddressClaims
  readonly store: DeviceStore
  readonly teller: DeviceTeller
  readonly link: (ifindex: number) => string
}

const minute = 60 * 1e6

/** Addresses that come to a known device, are taken from it, and come back. */
export class AddressChanges {
  readonly #parts: AddressChangesParts
  readonly #told = new Recent(4096)
  #refused = 0

  constructor(parts: AddressChangesParts) {
    this.#parts = parts
  }

  /** Addresses for which a device had no room. */
  get refused(): number {
    return this.#refused
  }

  /** Adds the address of a sighting; false when the device has no room for it. */
  add(device: Device, seen: Sighting): boolean {
    const { family, word0, word1, word2, word3, vlan, time: first } = seen
    // One literal: a spread would make an object that is slow to read.
    if (device.add({ family, word0, word1, word2, word3, vlan, first, last: first, lost: false }))
      return true
    this.#refused++
    return false
  }

  /**
   * A device claims an address that it did not have, or has lost. `met`: that it has the address is
   * told already, with the device.
   */
  claimed(device: Device, seen: Sighting, met = false): void {
    const { claims, link } = this.#parts
    const name = link(seen.ifindex)
    const claim = claims.judge(name, device, seen)
    if (claim.outcome === 'refused') return
    const known = device.find(seen.family, seen.word0, seen.word1, seen.word2, seen.word3)
    if (known === undefined && !this.add(device, seen)) return
    claims.take(name, device, seen)
    this.#tell(device, seen, claim, known === undefined && !met)
  }

  #tell(device: Device, seen: Sighting, claim: Claim, isNew: boolean): void {
    const { store, teller } = this.#parts
    const { outcome, previous } = claim
    if (isNew || previous !== undefined) store.update(device)
    if (previous !== undefined) store.update(previous)
    const news = this.#newsOf(claim)
    if (outcome === 'changed') {
      teller.tell('device-address-changed', device, { seen }, news)
    } else if (outcome === 'flipped') {
      const key = `${device.mac} ${seen.vlan} ${seen.word0} ${seen.word1} ${seen.word2} ${seen.word3}`
      if (this.#told.isDue(key, seen.time, minute))
        teller.tell('device-flip-flop', device, { seen }, news)
    } else if (isNew) {
      teller.tell('device-new-address', device, { seen }, { change: 'ip', ...news })
    }
  }

  #newsOf({ previous, previousLast = 0, outcome }: Claim): DeviceNews {
    if (previous === undefined) return {}
    const vendor = this.#parts.teller.vendor(previous)
    const [name] = previous.profile.hostnames
    return {
      previous: {
        deviceId: previous.id,
        mac: previous.mac,
        lastSeen: previousLast,
        ...(name !== undefined && { name }),
        ...(vendor !== undefined && { vendor }),
      },
      ...(outcome === 'failover' && { failover: true }),
    }
  }
}
