import { describe, expect, test } from 'vitest'
import { personalName } from '../../src/enrich/identity-score.ts'
import { openTemporary } from '../storage/open.ts'
import {
  announce,
  arrive,
  ask,
  burnt,
  type Client,
  discover,
  inventory,
  made,
} from './inventory.ts'

const day = 86_400
const android: Omit<Client, 'mac'> = {
  hostname: 'Annas-Pixel',
  vendor: 'android-dhcp-14',
  parameters: [1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108],
}
const phone = (n: number, more: Partial<Client> = {}): Client => ({
  ...android,
  mac: made(n),
  ...more,
})

describe('a phone that makes up a MAC every day', () => {
  test('is one device with one alert', async () => {
    const days = Array.from({ length: 5 }, (_, n) =>
      arrive(n * day, phone(n + 1), `192.0.2.${20 + n}`),
    )
    const { events, story, devices } = await inventory(days.flat())
    expect(story).toEqual([
      'new 01 192.0.2.20',
      'new-address 02 192.0.2.21',
      'new-address 03 192.0.2.22',
      'new-address 04 192.0.2.23',
      'new-address 05 192.0.2.24',
    ])
    expect(new Set(events.map(({ deviceId }) => deviceId)).size).toBe(1)
    expect(events[0]).toMatchObject({ names: ['Annas-Pixel'], roles: [{ role: 'phone' }] })
    expect(events[2]).toMatchObject({
      change: 'mac',
      identity: {
        score: 0.85,
        evidence: ['hostname', 'dhcp-fingerprint', 'dhcp-vendor-class'],
        macs: ['02-00-5E-00-00-01', '02-00-5E-00-00-02'],
        candidates: 1,
      },
    })
    const ids = [...devices].filter(({ evidence }) => evidence === 'dhcp').map(({ id }) => id)
    expect(ids).toEqual(Array(5).fill(events[0]?.deviceId))
  })

  test('is known after a restart too, with all that is known of it', async () => {
    const environment = await openTemporary()
    const first = await inventory(arrive(0, phone(1), '192.0.2.20'), { environment })
    const { events } = await inventory(arrive(day, phone(2), '192.0.2.20'), { environment })
    expect(events).toMatchObject([
      { action: 'device-new-address', change: 'mac', deviceId: first.events[0]?.deviceId },
    ])
    expect(events[0]?.firstSeen).toBe(first.events[0]?.firstSeen)
  })

  test('that keeps its address has not taken it from anybody', async () => {
    const { story } = await inventory([
      ...arrive(0, phone(1), '192.0.2.20'),
      ...arrive(60, phone(2), '192.0.2.20'),
    ])
    expect(story).toEqual(['new 01 192.0.2.20', 'new-address 02 192.0.2.20'])
  })

  test('is remembered with the cards that it used lately, and always by its first', async () => {
    const environment = await openTemporary()
    const days = Array.from({ length: 20 }, (_, n) => arrive(n * day, phone(n + 1), '192.0.2.20'))
    const { devices } = await inventory(days.flat(), { environment })
    const cards = [...devices].map(({ mac }) => mac.slice(-2))
    const [, ...others] = cards.filter(card => card !== '01')
    expect(cards).toHaveLength(9)
    expect(others).toEqual(['0F', '10', '11', '12', '13', '14'])
    expect(environment.page('devices', { limit: 100 })).toHaveLength(9)
    expect(devices.counts.known).toBe(9)
  })
})

describe('two phones of one kind and name', () => {
  const one = [1, 2, 3, 4, 5, 6, 7, 8].map(n => ask(n, made(1), '192.0.2.20'))

  test('are two when both are there as the second comes', async () => {
    const { story } = await inventory([
      ...arrive(0, phone(1), '192.0.2.20'),
      ...one.map(([at, frame]) => [at + 100, frame] as const),
      ...arrive(103, phone(2), '192.0.2.21'),
    ])
    expect(story).toEqual(['new 01 192.0.2.20', 'new 02 192.0.2.21'])
  })

  test('are two as soon as they take turns, though the second came in a quiet moment', async () => {
    const turns = Array.from({ length: 8 }, (_, n) => [
      ask(200 + n * 20, made(1), '192.0.2.20'),
      ask(210 + n * 20, made(2), '192.0.2.21'),
    ])
    const { story, events, devices } = await inventory([
      ...arrive(0, phone(1), '192.0.2.20'),
      ...arrive(100, phone(2), '192.0.2.21'),
      ...turns.flat(),
    ])
    expect(story).toEqual(['new 01 192.0.2.20', 'new-address 02 192.0.2.21', 'new 02 192.0.2.21'])
    expect(events[2]).toMatchObject({ apartFrom: events[0]?.deviceId })
    expect(new Set([...devices].map(({ id }) => id)).size).toBe(3)
  })

  test('of which one changes its MAC: it is the one that is not there', async () => {
    const { events } = await inventory([
      ...arrive(0, phone(1), '192.0.2.20'),
      ...arrive(0.5, phone(2), '192.0.2.21'),
      ask(2, made(1), '192.0.2.20'),
      ...[1, 2, 3, 4].map(n => ask(day + n, made(1), '192.0.2.20')),
      ...arrive(day + 2.1, phone(3), '192.0.2.22'),
    ])
    const [first, second] = events
    expect(first?.deviceId).not.toBe(second?.deviceId)
    expect(events.slice(2)).toMatchObject([
      { action: 'device-new-address', change: 'mac', deviceId: second?.deviceId },
    ])
  })
})

describe('nobody is taken for another', () => {
  const known = arrive(0, phone(1), '192.0.2.20')

  test.each<[string, Partial<Client>]>([
    ['the name alone', { parameters: [1, 3, 6], vendor: 'MSFT 5.0' }],
    ['the fingerprint alone', { hostname: 'Bertas-Pixel' }],
    ['a name that many have', { hostname: 'android' }],
    ['the same, but with a card of a maker', { mac: burnt(9) }],
    ['another client id', { clientId: Uint8Array.of(255, 1, 2, 3, 4, 0, 2) }],
  ])('by %s', async (name, more) => {
    const isId = name === 'another client id'
    const isCommon = name === 'a name that many have'
    const first = phone(1, {
      ...(isId && { clientId: Uint8Array.of(255, 9, 9, 9, 9, 0, 2) }),
      ...(isCommon && { hostname: 'android' }),
    })
    const frames = isId || isCommon ? arrive(0, first, '192.0.2.20') : known
    const { events } = await inventory([...frames, ...arrive(day, phone(2, more), '192.0.2.21')])
    expect(events.map(({ action }) => action)).toEqual(['device-new', 'device-new'])
  })

  test('but an id that the client made up is enough, whatever its name', async () => {
    const clientId = Uint8Array.of(255, 1, 2, 3, 4, 0, 2, 7, 7)
    const { events } = await inventory([
      ...arrive(0, { mac: made(1), clientId, hostname: 'one' }, '192.0.2.20'),
      ...arrive(day, { mac: made(2), clientId, hostname: 'two' }, '192.0.2.21'),
    ])
    expect(events[1]).toMatchObject({ change: 'mac', identity: { evidence: ['dhcp-client-id'] } })
  })

  test('and a client id that is its MAC is none', async () => {
    const idOf = (n: number) => Uint8Array.of(1, 2, 0, 0x5e, 0, 0, n)
    const { events } = await inventory([
      ...arrive(0, { mac: made(1), clientId: idOf(1), hostname: 'one' }, '192.0.2.20'),
      ...arrive(day, { mac: made(2), clientId: idOf(1), hostname: 'two' }, '192.0.2.21'),
    ])
    expect(events.map(({ action }) => action)).toEqual(['device-new', 'device-new'])
  })
})

describe('the moment in which evidence is awaited', () => {
  test('a card of a maker with an address is told at once', async () => {
    const { events } = await inventory([
      ...arrive(0, phone(1), '192.0.2.20'),
      announce(100, burnt(7), '192.0.2.7'),
    ])
    expect(events[1]).toMatchObject({ sourceMac: '00-00-5E-00-53-07' })
    expect((events[1]?.time ?? 0) - (events[0]?.time ?? 0)).toBeLessThan(100.2e6)
  })

  test('one that never gets an address is told when it is over', async () => {
    const { events } = await inventory([discover(0, phone(1)), announce(60, burnt(7), '192.0.2.7')])
    expect(events.map(({ sourceMac }) => sourceMac.slice(-2))).toEqual(['01', '07'])
    expect(events[0]).toMatchObject({ evidence: 'dhcp', addresses: [], names: ['Annas-Pixel'] })
    expect((events[0]?.time ?? 0) - (events[0]?.firstSeen ?? 0)).toBe(5e6)
  })

  test('a flood of them is bounded, and none is lost', async () => {
    const frames = Array.from({ length: 5000 }, (_, n) => {
      const mac = `02:00:5e:01:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`
      return discover(n / 10_000, { mac })
    })
    const { events } = await inventory(frames, { limit: 10_000 })
    expect(new Set(events.map(({ sourceMac }) => sourceMac)).size).toBe(5000)
    expect(events).toHaveLength(5000)
  })

  test('is the same every time', async () => {
    const frames = [
      ...arrive(0, phone(1), '192.0.2.20'),
      ...arrive(day, phone(2), '192.0.2.21'),
      ...arrive(day + 1, phone(3), '192.0.2.22'),
      announce(day + 2, made(9), '192.0.2.20'),
    ]
    const [one, other] = [await inventory(frames), await inventory(frames)]
    expect(one.events.length).toBeGreaterThan(3)
    expect(other.events).toEqual(one.events)
  })
})

test.each([
  ['Annas-Pixel-8', 'annas-pixel-8'],
  ['laptop-4711.example.org', 'laptop-4711'],
  ['iPhone', undefined],
  ['iPhone-2', undefined],
  ['Galaxy-S24', undefined],
  ['android', undefined],
  ['DESKTOP', undefined],
  ['ab', undefined],
  ['', undefined],
])('the name %j is a name of its own: %j', (name, own) => {
  expect(personalName(name)).toBe(own)
})
