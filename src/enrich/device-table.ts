import { type Environment } from '../storage/environment.ts'
import { type Operation } from '../storage/operation.ts'
import { type Device, deviceKey } from './device.ts'
import { readDevice, writeDevice } from './device-record.ts'
import { type Profile } from './profile.ts'

export interface StoredDevices {
  readonly devices: readonly Device[]
  /** Keys of records that could not be read. */
  readonly damaged: readonly Buffer[]
}

/** Up to `limit` cards as they were written; what is damaged is left out. */
export function readDevices(
  environment: Pick<Environment, 'page'>,
  limit = Number.POSITIVE_INFINITY,
): StoredDevices {
  const stored = { devices: [] as Device[], damaged: [] as Buffer[] }
  const profiles = new Map<string, Profile>()
  let after: Buffer | undefined
  do {
    const count = Math.min(1000, limit - stored.devices.length)
    const page =
      count < 1 ? [] : environment.page('devices', { limit: count, ...(after && { after }) })
    after = page.at(-1)?.key
    for (const { key, value } of page) {
      const device = value && readDevice(value, profiles)
      if (device === undefined) stored.damaged.push(key)
      else stored.devices.push(device)
    }
  } while (after !== undefined)
  return stored
}

/** The change that writes a card. */
export function putDevice(device: Device): Operation {
  return { kind: 'put', table: 'devices', key: deviceKey(device), value: writeDevice(device) }
}
