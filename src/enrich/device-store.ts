import { type Environment } from '../storage/environment.ts'
import { type Journal } from '../storage/journal.ts'
import { type Operation } from '../storage/operation.ts'
import { type Device, deviceKey, readDevice, writeDevice } from './device.ts'
import { type ObservedClock } from './learning.ts'

export interface DeviceStoreOptions {
  readonly environment: Environment
  /** Takes a new device, with the alert that the rules make of it. */
  readonly journal: Pick<Journal, 'add'>
}

const second = 1e6
/** A last sighting younger than what the disk has by this is not worth a write. */
const saveAfter = 300 * second
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

  /** Up to `limit` devices as they were written; what is damaged is left out and counted. */
  load(limit: number): Device[] {
    const devices: Device[] = []
    for (let after: Buffer | undefined; devices.length < limit; ) {
      const count = Math.min(1000, limit - devices.length)
      const range = { limit: count, ...(after && { after }) }
      const page = this.#options.environment.page('devices', range)
      after = page.at(-1)?.key
      if (after === undefined) break
      devices.push(...page.flatMap(({ value }) => this.#read(value)))
    }
    return devices
  }

  #read(value: Buffer | undefined): Device[] {
    const device = value === undefined ? undefined : readDevice(value.toString())
    if (device !== undefined) return [device]
    this.#damaged++
    return []
  }

  /** A device that was never seen: before anyone is told, so that an alert comes with it or not at all. */
  add(device: Device): void {
    const { journal } = this.#options
    device.saved = device.lastSeen
    journal.add(put(device))
    journal.add(this.#clock.operation())
  }

  /** A known device that changed: with the alert that may come of it. */
  update(device: Device): void {
    device.saved = device.lastSeen
    this.#options.journal.add(put(device))
  }

  /** One step of the round in which every device's last sighting is written now and then. */
  save(devices: ReadonlyMap<number, Device>, time: number): void {
    if (time - this.#clockSaved >= clockAfter) this.#saveClock(time)
    const due: Device[] = []
    for (let count = Math.ceil(devices.size / round); count > 0; count--) {
      this.#walk ??= devices.values()
      const { value, done } = this.#walk.next()
      if (done) this.#walk = undefined
      else if (value.lastSeen - value.saved >= saveAfter) due.push(value)
    }
    this.#write(due)
  }

  /** Writes all that the disk does not know; resolves when it is there or was refused. */
  async saveAll(devices: ReadonlyMap<number, Device>): Promise<void> {
    const { environment } = this.#options
    await environment.flush()
    this.#saveClock(this.#clock.latest)
    const stale = [...devices.values()].filter(one => one.lastSeen > one.saved)
    for (let start = 0; start < stale.length; start += 4096) {
      this.#write(stale.slice(start, start + 4096))
      await environment.flush()
    }
    await environment.flush()
  }

  #write(devices: readonly Device[]): void {
    if (devices.length === 0) return
    const before = devices.map(device => device.saved)
    for (const device of devices) device.saved = device.lastSeen
    this.#options.environment.commit(devices.map(put)).catch(() => {
      // Refused: a later round finds them stale again.
      for (const [index, device] of devices.entries()) device.saved = before[index] ?? 0
    })
  }

  #saveClock(time: number): void {
    this.#clockSaved = time
    this.#options.environment.commit([this.#clock.operation()]).catch(() => undefined)
  }
}

function put(device: Device): Operation {
  return { kind: 'put', table: 'devices', key: deviceKey(device), value: writeDevice(device) }
}
