import { describe, expect, test } from 'vitest'
import { addressLimit } from '../../src/enrich/device.ts'
import { type DeviceEvent } from '../../src/enrich/device-event.ts'
import { Devices, type DevicesOptions } from '../../src/enrich/devices.ts'
import { emptySighting, type Sighting } from '../../src/enrich/sighting.ts'
import { type Environment, openEnvironment } from '../../src/storage/environment.ts'
import { journalFor } from '../storage/journal.ts'
import { openTemporary, temporaryDirectory } from '../storage/open.ts'
import { micros } from './record.ts'

const minute = 60
const hour = 3600

interface Opened {
  readonly devices: Devices
  readonly events: DeviceEvent[]
  readonly sequences: number[]
}

function open(environment: Environment, options: Partial<DevicesOptions> = {}): Opened {
  const events: DeviceEvent[] = []
  const sequences: number[] = []
  const journal = journalFor(environment, sequence => sequences.push(sequence))
  const devices = new Devices({
    environment,
    journal,
    limit: 1000,
    learning: hour * 1e6,
    vendor: high => (high === 0x00005e ? 'IANA' : undefined),
    onEvent: event => {
      events.push(event)
      if (event.action !== 'device-new' || event.learning || event.self) return
      const value = JSON.stringify({ device: event.deviceId, mac: event.sourceMac })
      journal.add({ kind: 'append', table: 'alerts', value })
    },
    ...options,
  })
  return { devices, events, sequences }
}

/** Card number `low` at `seconds` with an IPv4 address, or none for 0. */
const at = (seconds: number, low: number, address = 0x0a000000 + low): Sighting => ({
  ...emptySighting(),
  high: 0x00005e,
  low: 0x005300 + low,
  family: address === 0 ? 0 : 4,
  word0: address,
  ifindex: 7,
  time: micros(seconds),
  evidence: 'arp',
})

/** Somebody watches from one second to another. */
function pass(devices: Devices, from: number, to: number): void {
  for (let second = from; second <= to; second += 5 * minute) devices.advance(at(second, 1).time)
}

const alerts = (environment: Environment) =>
  environment.page('alerts', { limit: 10_000 }).map(entry => String(entry.value))

describe('learning', () => {
  test('a device seen in the first hour is learnt, one seen later is one alert, once', async () => {
    const environment = await openTemporary()
    const { devices, events, sequences } = open(environment)
    devices.sighted(at(0, 1))
    for (let second = 0; second < hour; second += 5 * minute) devices.sighted(at(second, 1))
    devices.sighted(at(hour - 1, 2))
    devices.sighted(at(hour, 3))
    devices.sighted(at(hour + 1, 3))
    devices.sighted(at(hour + 2, 1))
    await devices.flush()
    expect(events.map(event => [event.sourceMac, event.learning])).toEqual([
      ['00-00-5E-00-53-01', true],
      ['00-00-5E-00-53-02', true],
      ['00-00-5E-00-53-03', false],
    ])
    expect(sequences).toEqual([1])
    expect(alerts(environment)).toEqual([expect.stringContaining('00-00-5E-00-53-03')])
    expect(devices.counts).toMatchObject({ known: 3, learningLeft: 0 })
  })

  test('goes on after a restart where it was; the time between does not count', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const before = open(first)
    for (let second = 0; second <= 40 * minute; second += minute)
      before.devices.sighted(at(second, 1))
    await before.devices.flush()
    await first.close()
    const environment = await openTemporary(directory)
    const { devices, events } = open(environment)
    const day = 86_400
    expect(devices.counts.learningLeft).toBe(20 * minute * 1e6)
    devices.sighted(at(day, 2))
    for (let second = 0; second <= 20 * minute; second += minute)
      devices.sighted(at(day + second, 1))
    devices.sighted(at(day + 21 * minute, 3))
    expect(events.map(event => event.learning)).toEqual([true, false])
    expect(events[1]?.epoch).toBe(micros(0))
  })

  test('a clock set forward by a year does not end it', async () => {
    const { devices, events } = open(await openTemporary())
    devices.sighted(at(0, 1))
    devices.sighted(at(31_536_000, 2))
    devices.sighted(at(1, 3))
    expect(events.map(event => event.learning)).toEqual([true, true, true])
  })

  test('none of it: the first packet is an alert, but not that of the sensor itself', async () => {
    const environment = await openTemporary()
    const { devices } = open(environment, { learning: 0 })
    devices.setInterfaces([{ index: 7, name: 'eth0', mac: '00:00:5e:00:53:09', addresses: [] }])
    devices.sighted(at(0, 9))
    devices.sighted(at(0, 1))
    await devices.flush()
    expect(alerts(environment)).toEqual([expect.stringContaining('00-00-5E-00-53-01')])
    expect([...devices].map(device => [device.self, device.interface])).toEqual([
      [true, 'eth0'],
      [false, 'eth0'],
    ])
  })
})

describe('inventory', () => {
  test('is the same after a restart, addresses and times included, and silent about it', async () => {
    const directory = temporaryDirectory()
    const first = await openEnvironment({ directory })
    const before = open(first, { learning: 0 })
    before.devices.sighted(at(0, 1))
    before.devices.sighted({
      ...at(5, 1),
      family: 6,
      word0: 0x20010db8,
      word1: 1,
      word2: 0,
      word3: 35,
    })
    before.devices.sighted(at(7, 1))
    before.devices.sighted(at(9, 2, 0))
    await before.devices.flush()
    const list = (devices: Devices) => [...devices].map(({ saved: _, ...rest }) => rest)
    const known = list(before.devices)
    await first.close()
    const environment = await openTemporary(directory)
    const { devices, events } = open(environment, { learning: 0 })
    expect(list(devices)).toEqual(known)
    expect([...devices].map(device => device.ips)).toEqual([['10.0.0.1', '2001:db8:0:1::23'], []])
    expect([...devices].map(device => device.lastSeen)).toEqual([micros(7), micros(9)])
    devices.sighted(at(20, 1))
    devices.sighted(at(20, 2, 0))
    expect(events).toEqual([])
    expect(alerts(environment)).toHaveLength(2)
  })

  test('gives the same device the same id in every memory', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => {
        const { devices } = open(await openTemporary())
        devices.sighted(at(0, 1))
        return devices.get(0x00005e, 0x005301)?.id
      }),
    )
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/)
    expect(ids[1]).toBe(ids[0])
  })

  test('refuses and counts what does not fit, and forgets nobody for it', async () => {
    const { devices, events } = open(await openTemporary(), { limit: 10 })
    for (let low = 1; low <= 50; low++) devices.sighted(at(low, low))
    expect(devices.counts).toMatchObject({ known: 10, refused: 40 })
    expect(events).toHaveLength(10)
    expect(devices.get(0x00005e, 0x005301)).toBeDefined()
  })

  test('forgets who was silent for too long, and who has a note never', async () => {
    const environment = await openTemporary()
    const { devices, events } = open(environment, { forgetAfter: 6 * hour * 1e6 })
    for (const low of [1, 2, 3]) devices.sighted(at(low, low))
    devices.annotate('00:00:5e:00:53:02', { note: 'in the cellar' })
    pass(devices, 0, 5 * hour)
    devices.sighted(at(5 * hour, 3))
    pass(devices, 5 * hour, 8 * hour)
    expect(devices.counts).toMatchObject({ known: 2, forgotten: 1, evicted: 0 })
    devices.sighted(at(8 * hour, 1))
    const actions = events.map(({ action, sourceMac }) => `${action} ${sourceMac.at(-1)}`)
    expect(actions.slice(3)).toEqual(['device-new 1'])
    await devices.flush()
    expect([...open(environment).devices].map(({ low }) => low - 0x5300).sort()).toEqual([1, 2, 3])
  })

  test('time in which nobody watched forgets nobody', async () => {
    const { devices } = open(await openTemporary(), { forgetAfter: 6 * hour * 1e6 })
    devices.sighted(at(0, 1))
    for (let year = 1; year < 4; year++) devices.advance(at(year * 365 * 24 * hour, 1).time)
    expect(devices.counts).toMatchObject({ known: 1, forgotten: 0 })
  })

  test('when it is full the longest silent make room, and nobody who was there lately', async () => {
    const { devices } = open(await openTemporary(), { limit: 4, returnedAfter: 6 * hour * 1e6 })
    for (const low of [1, 2, 3, 4]) devices.sighted(at(low, low))
    pass(devices, 0, 5 * hour)
    devices.sighted(at(5 * hour, 4))
    pass(devices, 5 * hour, 7 * hour)
    const known = () => [...devices].map(({ low }) => low - 0x5300)
    devices.sighted(at(7 * hour, 5))
    expect(known()).toEqual([2, 3, 4, 5])
    for (let low = 6; low < 16; low++) devices.sighted(at(7 * hour + low, low))
    expect(known()).toEqual([4, 5, 6, 7])
    expect(devices.counts).toMatchObject({ known: 4, evicted: 3, refused: 8 })
  })

  test('bounds the addresses of a device; one in use is not pushed out, a stale one is', async () => {
    const { devices, events } = open(await openTemporary())
    for (let n = 0; n < addressLimit + 5; n++) devices.sighted(at(n, 1, 0x0a000100 + n))
    expect(devices.counts.addressesRefused).toBe(5)
    expect(events).toHaveLength(addressLimit)
    devices.sighted(at(2 * 86_400, 1, 0x0a000200))
    const [device] = devices
    expect(device?.ips).toHaveLength(addressLimit)
    expect(device?.ips).toContain('10.0.2.0')
    expect(device?.ips).not.toContain('10.0.1.0')
  })

  test('leaves out a damaged record, says so, and keeps the others', async () => {
    const environment = await openTemporary()
    const before = open(environment)
    before.devices.sighted(at(0, 1))
    await before.devices.flush()
    const value = '{"mac":"nonsense"'
    await environment.commit([{ kind: 'put', table: 'devices', key: 'broken', value }])
    const { devices } = open(environment)
    expect(devices.counts).toMatchObject({ known: 1, damaged: 1 })
  })

  test('writes the last sighting now and then, not with every packet', async () => {
    const environment = await openTemporary()
    const writes: number[] = []
    const counting: Environment = {
      ...environment,
      commit: operations => {
        writes.push(operations.filter(one => one.table === 'devices').length)
        return environment.commit(operations)
      },
    }
    const { devices } = open(counting)
    for (let tick = 0; tick < 6000; tick++) devices.sighted(at(tick / 10, 1))
    expect(writes.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(3)
    await devices.flush()
    const { devices: again } = open(environment)
    expect([...again][0]?.lastSeen).toBe(micros(599.9))
  })
})
