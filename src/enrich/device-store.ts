import { type Environment } from '../storage/environment.ts'
import { type Operation, type Value } from '../storage/operation.ts'
import { type Device, deviceKey, readDevice, writeDevice } from './device.ts'
import { type DeviceEvent } from './device-event.ts'
import { type ObservedClock } from './learning.ts'

export interface DeviceStoreOptions {
  readonly environment: Environment
  readonly alert: (event: DeviceEvent) => Value | undefined
  readonly onAlert: (sequence: number) => void
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
  /** New devices that could not be written, with the event that tells of them. */
  readonly #unsaved = new Map<Device, DeviceEvent>()
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

  get unsaved(): number {
    return this.#unsaved.size
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

  /** A device that was never seen: it and the alert about it are one transaction. */
  add(device: Device, event: DeviceEvent): void {
    const alert = event.learning || event.self ? undefined : this.#options.alert(event)
    const { lastSeen } = device
    const known = device.addresses.length
    const operations: Operation[] = [put(device), this.#clock.operation()]
    if (alert !== undefined) operations.push({ kind: 'append', table: 'alerts', value: alert })
    this.#options.environment.commit(operations).then(
      sequences => {
        device.saved = lastSeen
        if (device.addresses.length !== known) this.update(device)
        for (const sequence of sequences) this.#options.onAlert(sequence)
      },
      () => this.#unsaved.set(device, event),
    )
  }

  /** A known device that changed. One that is still to be added goes with its alert. */
  update(device: Device): void {
    if (device.saved < 0) return
    this.#write([device])
  }

  /** One step of the round in which every device's last sighting is written now and then. */
  save(devices: ReadonlyMap<number, Device>, time: number): void {
    if (time - this.#clockSaved >= clockAfter) this.#saveClock(time)
    this.#retry()
    const due: Device[] = []
    for (let count = Math.ceil(devices.size / round); count > 0; count--) {
      this.#walk ??= devices.values()
      const { value, done } = this.#walk.next()
      if (done) this.#walk = undefined
      else if (value.saved >= 0 && value.lastSeen - value.saved >= saveAfter) due.push(value)
    }
    this.#write(due)
  }

  /** Writes all that the disk does not know; resolves when it is there or was refused. */
  async saveAll(devices: ReadonlyMap<number, Device>): Promise<void> {
    const { environment } = this.#options
    await environment.flush()
    this.#retry()
    await environment.flush()
    this.#saveClock(this.#clock.latest)
    const stale = [...devices.values()].filter(one => one.saved >= 0 && one.lastSeen > one.saved)
    for (let start = 0; start < stale.length; start += 4096) {
      this.#write(stale.slice(start, start + 4096))
      await environment.flush()
    }
    await environment.flush()
  }

  #retry(): void {
    for (const [device, event] of [...this.#unsaved].slice(0, 256)) {
      this.#unsaved.delete(device)
      this.add(device, event)
    }
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
