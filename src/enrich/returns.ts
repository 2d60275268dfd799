import { type Device } from './device.ts'
import { type DeviceStore } from './device-store.ts'
import { type DeviceTeller } from './device-teller.ts'
import { type Profile } from './profile.ts'
import { type Sighting } from './sighting.ts'
import { type Silence } from './silence.ts'

export interface ReturnsParts {
  readonly silence: Silence
  readonly store: DeviceStore
  readonly teller: DeviceTeller
  /** µs of silence after which a device has returned. */
  readonly returnedAfter: number
}

/** Tells who fell silent and who came back. */
export class Returns {
  readonly #parts: ReturnsParts

  constructor(parts: ReturnsParts) {
    this.#parts = parts
  }

  /** A card is heard again that was silent for long; before the sighting counts. */
  heard(device: Device, seen: Sighting): void {
    const { silence, teller, store, returnedAfter } = this.#parts
    const { profile } = device
    const length = silence.ofAll(profile, seen.time)
    const limit = silence.limitOf(profile)
    // Nobody looked in between: what is due is told now, as it was due.
    if (limit !== undefined && length >= limit && !profile.silent) this.#fallen(profile, limit)
    const wasSilent = profile.silent
    profile.silent = false
    if (length < returnedAfter && !wasSilent) return
    device.lastSeen = Math.max(device.lastSeen, seen.time)
    store.update(device)
    teller.tell('device-returned', device, { seen }, { silence: length })
  }

  /** Tells which of the devices that are watched have fallen silent by `time` (µs). */
  listen(time: number): void {
    const { silence } = this.#parts
    for (const profile of silence.fallen(time)) {
      const limit = silence.limitOf(profile)
      if (limit !== undefined) this.#fallen(profile, limit)
    }
  }

  #fallen(profile: Profile, limit: number): void {
    const { store, teller } = this.#parts
    const last = profile.cards.reduce((a, b) => (b.lastSeen > a.lastSeen ? b : a))
    profile.silent = true
    store.update(last)
    teller.tell('device-silent', last, { time: last.lastSeen + limit }, { silence: limit })
  }
}
