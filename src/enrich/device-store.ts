import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type CardIndex } from './card-index.ts'
import { type Device, deviceKey } from './device.ts'
import { putDevice, readDevices } from './device-table.ts'
import { type ObservedClock } from './learning.ts'

export interface DeviceStoreOptions {
  readonly environment: Environment
  /** Takes a new device, with the alert that the rules make of it. */
  readonly journal: Pick<Journal, 'add'>
}

interface Visitor {
  visit(device: Device, time: number): void
}

const second = 1e6
/** A last sighting younger than what the disk has by this is not worth a write. */
const saveAfter = 300 * second
/** The facts of a device that is silent for so long are packed. */
const packAfter = 600 * second
/** All devices are looked at once in so many steps of a second. */
const round = 60
const clockAfter = 10 * second

/** Keeps the devices in the environment, each with its alert. */
export class DeviceStore {
  readonly #options: DeviceStoreOptions
  readonly #clock: ObservedClock
  #walk: Iterator<Device> | undefined
  #clockSaved = Number.NEGATIVE_INFINITY
  #damaged = 0

  constructor(options: DeviceStoreOptions, clock: ObservedClock) {
    this.#options = options
    this.#clock = clock
  }

  get damaged(): number {
    return this.#damaged
  }

  /** Up to `limit` cards as they were written; what is damaged is counted, and removed. */
  load(limit: number): readonly Device[] {
    const { devices, damaged } = readDevices(this.#options.environment, limit)
    this.#damaged += damaged.length
    for (const key of damaged) {
      this.#options.journal.add({ kind: 'remove', table: 'devices', key })
    }
    return devices
  }

  /** A device that was never seen: before anyone is told, so that an alert comes with it or not at all. */
  add(device: Device): void {
    this.update(device)
    this.#options.journal.add(this.#clock.operation())
  }

  /** A known device that changed: with the alert that may come of it. */
  update(device: Device): void {
    this.#written(device)
    this.#options.journal.add(putDevice(device))
  }

  /** A card that is remembered no longer. */
  remove(device: Device): void {
    this.#options.journal.add({ kind: 'remove', table: 'devices', key: deviceKey(device) })
  }

  /**
   * One step of the round in which every device's last sighting is written now and then; each that
   * is looked at is told to `visitor`, which may take it out.
   */
  save(devices: CardIndex, time: number, visitor: Visitor): void {
    if (time - this.#clockSaved >= clockAfter) this.#saveClock(time)
    for (let count = Math.ceil(devices.size / round); count > 0; count--) {
      this.#walk ??= devices[Symbol.iterator]()
      const { value, done } = this.#walk.next()
      if (done) this.#walk = undefined
      else {
        this.#visit(value, time)
        visitor.visit(value, time)
      }
    }
  }

  #visit(device: Device, time: number): void {
    if (isWritten(device) && isStale(device, saveAfter)) this.update(device)
    if (time - device.lastSeen > packAfter) device.profile.pack()
  }

  /**
   * Writes all that the disk does not know; resolves when it is there or was refused. The journal
   * is to be flushed before.
   */
  async saveAll(devices: CardIndex): Promise<void> {
    const { environment } = this.#options
    await environment.flush()
    await environment.commit([this.#clock.operation()]).catch(() => undefined)
    const stale = [...devices].filter(one => isWritten(one) && isStale(one, 1))
    for (let start = 0; start < stale.length; start += 4096) {
      this.#write(stale.slice(start, start + 4096))
      await environment.flush()
    }
    await environment.flush()
  }

  #write(devices: readonly Device[]): void {
    if (devices.length === 0) return
    const before = devices.map(device => device.saved)
    for (const device of devices) this.#written(device)
    this.#options.environment.commit(devices.map(putDevice)).catch(() => {
      // Refused: a later round finds them stale again.
      for (const [index, device] of devices.entries()) {
        device.saved = before[index] ?? 0
        device.profile.changed = true
      }
    })
  }

  #written(device: Device): void {
    device.saved = device.lastSeen
    device.profile.changed = false
    if (device.lastSeen >= this.#clock.lastGap) device.missed = this.#clock.missed
  }

  /** Through the journal, as all the rest: what waits there must not overwrite what is newer. */
  #saveClock(time: number): void {
    this.#clockSaved = time
    this.#options.journal.add(this.#clock.operation())
  }
}

/** Not one that is held back still: it is written with what is told of it. */
function isWritten({ saved }: Device): boolean {
  return saved >= 0
}

/** The facts of a device are written with the card that it was seen with last. */
function isStale(device: Device, after: number): boolean {
  const { lastSeen, saved, profile } = device
  if (lastSeen - saved >= after) return true
  return profile.changed && profile.cards.every(card => card.lastSeen <= lastSeen)
}
