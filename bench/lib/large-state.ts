import { StoredBaselineStore } from '../../src/baseline/stored-store.ts'
import { Device, deviceKey } from '../../src/enrich/device.ts'
import { writeDevice } from '../../src/enrich/device-record.ts'
import { type Facts } from '../../src/enrich/facts.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { journalFor } from '../../test/storage/journal.ts'

const hour = 3600e6

/** What the memory of a large site holds. */
export interface LargeState {
  readonly devices: number
  /** Whether they have told of themselves what an office's devices do in a day. */
  readonly facts?: boolean
  /** Values of all rules together, each of its own text, which is the worst. */
  readonly values?: number
}

/**
 * Adds to the memory in `directory`; for values a sensor has run on it before, so that it knows
 * which rules there are.
 */
export async function makeLarge(directory: string, state: LargeState): Promise<void> {
  const environment = await openEnvironment({ directory })
  const time = Date.now() * 1000 - hour
  await addDevices(environment, state, time)
  if (state.values !== undefined) await addValues(environment, state.values, time)
  await environment.close()
}

async function addDevices(environment: Environment, { devices, facts }: LargeState, time: number) {
  for (let first = 0; first < devices; first += 1000) {
    const operations = Array.from({ length: Math.min(1000, devices - first) }, (_, i) => {
      const card = { high: 0x00005e, low: first + i, interface: 'w0', vlan: 0 }
      const device = new Device({ ...card, evidence: 'arp', self: false, firstSeen: time })
      const words = { word0: (10 << 24) | (first + i), word1: 0, word2: 0, word3: 0 }
      device.add({ family: 4, ...words, vlan: 0, first: time, last: time, lost: false })
      if (facts === true) teach(device.profile.own, first + i, time)
      const value = writeDevice(device)
      return { kind: 'put', table: 'devices', key: deviceKey(device), value } as const
    })
    await environment.commit(operations)
  }
}

function teach(facts: Facts, number: number, time: number): void {
  facts.addName('dhcp', `client-of-${number}`, time)
  facts.addName('mdns', `client-of-${number}`, time)
  facts.fingerprint = '1,3,6,15,31,33,43,44,46,47,119,121,249,252'
  facts.vendorClass = 'MSFT 5.0'
  for (let n = 0; n < 3; n++) facts.addService(6, 445 + n, time)
  for (let n = 0; n < 8; n++) facts.addPeer(`peer-${n}.example`, 1000, time)
}

const entities = 500
const limits = { entities: 50_000, valuesPerEntity: 4096, overflow: 'freeze' } as const

async function addValues(environment: Environment, values: number, time: number): Promise<void> {
  const journal = journalFor(environment)
  const store = new StoredBaselineStore({ environment, journal })
  const rules = store.all().map(({ head: { id, hash } }) => {
    return store.open({ id, hash, forgetAfter: 720 * hour, limits })
  })
  if (rules.length === 0) throw new Error('no rule with a baseline: run a sensor on it before')
  for (let at = 0; at < values; at++) {
    const entity = `device-${at % entities}`
    const rule = Math.trunc(at / entities) % rules.length
    rules[rule]?.observe(entity, `host${at}.rule${rule}.example.com`, time)
    if (at % 4096 === 0) await journal.flush()
  }
  await journal.flush()
  await store.flush()
}
