import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decode,
  encode,
  historyBytes,
  hoursKept,
  remember,
  usual,
  usualWhenActive,
} from '../../src/baseline/profile.ts'
import { highOf, judge } from '../../src/baseline/profile-judge.ts'
import { type ProfileLimits, Profiles } from '../../src/baseline/profiles.ts'

const limits: ProfileLimits = { z: 3.5, watched: 72, active: 24, least: [1e6, 50, 20, 50, 10] }
const start = 480_000

/** What the device does in an hour; each measure, by the hour since the start. */
type Life = (hour: number) => readonly number[]

/** Feeds the hours and returns which were out, as `hour measure`. */
function live(profiles: Profiles, life: Life, from: number, to: number): string[] {
  const slot = profiles.slot('device', start)
  const out: string[] = []
  for (let hour = from; hour < to; hour++) {
    const values = life(hour)
    for (const { measure, z } of profiles.take(slot, start + hour, values, start, limits)) {
      if (z > limits.z) out.push(`${hour} ${measure}`)
    }
  }
  return out
}

function fresh(limit = 8): Profiles {
  return new Profiles({ limit })
}

/** Deterministic noise of a factor of two up or down. */
function noisy(value: number, hour: number): number {
  return value * 2 ** (((hour * 7919) % 200) / 100 - 1)
}

const office: Life = hour => {
  const atWork = hour % 24 >= 8 && hour % 24 < 18 && Math.floor(hour / 24) % 7 < 5
  const base = atWork ? [5e6, 400, 40, 300, 4] : [2e4, 12, 4, 10, 0]
  return base.map((value, index) => noisy(value, hour + index))
}

describe('codes', () => {
  test('keep a value within 14 %, and never fall', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), value => {
        const back = decode(encode(value))
        expect(Math.abs(Math.log1p(back) - Math.log1p(value))).toBeLessThanOrEqual(0.1251)
        expect(encode(value * 1.5)).toBeGreaterThanOrEqual(encode(value))
      }),
    )
  })

  test('know nothing from zero', () => {
    expect(encode(0)).toBe(1)
    expect(decode(encode(0))).toBe(0)
    expect(encode(-5)).toBe(1)
    expect(encode(1e300)).toBe(127)
  })
})

describe('statistics', () => {
  test('are those of sorted values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 300 }),
        values => {
          const history = new Uint8Array(historyBytes)
          for (const [hour, value] of values.entries()) remember(history, 2, hour, value, false)
          const codes = values.map(value => (encode(value) - 1) / 4).sort((a, b) => a - b)
          const median = middle(codes)
          const deviations = codes.map(code => Math.abs(code - median)).sort((a, b) => a - b)
          const found = usual(history, 2, 0, 1)
          expect(found?.hours).toBe(values.length)
          expect(found?.median).toBeCloseTo(median, 10)
          const half = (deviations.length - 1) / 2
          expect(found?.deviation).toBeGreaterThanOrEqual(deviations[Math.floor(half)] ?? 99)
          expect(found?.deviation).toBeLessThanOrEqual(deviations[Math.ceil(half)] ?? -1)
        },
      ),
    )
  })

  test('of active hours leave out those without anything', () => {
    const history = new Uint8Array(historyBytes)
    for (let hour = 0; hour < 100; hour++)
      remember(history, 0, hour, hour % 10 === 0 ? 1e6 : 0, false)
    expect(usualWhenActive(history, 0)).toMatchObject({ hours: 10, deviation: 0 })
    expect(usualWhenActive(history, 1)).toBeUndefined()
  })

  test('nothing is judged before twelve active hours', () => {
    const history = new Uint8Array(historyBytes)
    for (let hour = 0; hour < 11; hour++) remember(history, 0, hour, 1000, false)
    expect(judge(history, 0, 11, 1e12, 0.5)).toBeUndefined()
    remember(history, 0, 11, 1000, false)
    expect(judge(history, 0, 12, 1e12, 0.5)?.z).toBeGreaterThan(20)
  })

  test('the high of a device is its 98th percentile', () => {
    const history = new Uint8Array(historyBytes)
    for (let hour = 0; hour < 100; hour++) remember(history, 0, hour, 1000 * (hour + 1), false)
    expect(highOf(history, 0)).toBeGreaterThan(80_000)
    expect(highOf(history, 0)).toBeLessThan(110_000)
  })
})

describe('a profile', () => {
  test('has nothing to say of four ordinary weeks', () => {
    expect(live(fresh(), office, 0, 24 * 28)).toEqual([])
  })

  test('says nothing in the first days, whatever happens', () => {
    const wild: Life = hour => [hour === 60 ? 1e11 : 1e4, 10, 10, 10, 10]
    expect(live(fresh(), wild, 0, 72)).toEqual([])
  })

  test('tells of an hour far beyond the device, by day and by night', () => {
    const profiles = fresh()
    live(profiles, office, 0, 240)
    const flood: Life = hour =>
      hour === 250 || hour === 242 ? [hour === 250 ? 9e9 : 4e9, 400, 40, 300, 4] : office(hour)
    expect(live(profiles, flood, 240, 260)).toEqual(['242 bytes-out', '250 bytes-out'])
  })

  test('stays quiet below the least that matters', () => {
    const profiles = fresh()
    live(profiles, () => [100, 1, 1, 1, 0], 0, 200)
    expect(live(profiles, () => [9e5, 49, 19, 49, 9], 200, 201)).toEqual([])
    expect(live(profiles, () => [9e5, 900, 900, 49, 9], 201, 202)).toEqual([
      '201 flows',
      '201 destinations',
    ])
  })

  test('knows the backup of each night, which would be far too much by day', () => {
    const backup: Life = hour => (hour % 24 === 2 ? [5e9, 20, 2, 5, 0] : office(hour))
    const profiles = fresh()
    live(profiles, backup, 0, 240)
    expect(live(profiles, backup, 240, 336)).toEqual([])
    const byDay: Life = hour => (hour === 350 ? [5e9, 400, 40, 300, 4] : backup(hour))
    expect(live(profiles, byDay, 336, 360)).toEqual(['350 bytes-out'])
  })

  test('tells of a weekly backup once', () => {
    const weekly: Life = hour => (hour % 168 === 146 ? [5e9, 20, 2, 5, 0] : office(hour))
    const told = live(fresh(), weekly, 0, 168 * 5)
    expect(told).toEqual(['146 bytes-out'])
  })

  test('a new level is told once, is not learned at once, and more than that is told again', () => {
    const profiles = fresh()
    live(profiles, office, 0, 336)
    const higher: Life = hour => (hour % 24 === 3 ? [2e9, 12, 4, 10, 0] : office(hour))
    const told = live(profiles, higher, 336, 336 + 24 * 14)
    expect(told).toEqual(['339 bytes-out'])
    const slot = profiles.slot('device', start)
    const again = (bytes: number, at: number) =>
      profiles.take(slot, start + at, [bytes, 12, 4, 10, 0], start, limits).map(({ z }) => z > 3.5)
    expect(again(9e9, 336 + 24 * 14 + 12)).toEqual([true])
  })

  test('follows slow growth without a word', () => {
    const growing: Life = hour => office(hour).map(value => value * 1.003 ** hour)
    expect(live(fresh(), growing, 0, 24 * 28)).toEqual([])
  })

  test('silent hours count, hours that nobody watched do not', () => {
    const seen = (since: number) => {
      const profiles = fresh()
      const slot = profiles.slot('device', start)
      for (let hour = 0; hour < 40; hour++)
        profiles.take(slot, start + hour, [1e4, 9, 9, 9, 0], start, limits)
      const late = start + 90
      return profiles.take(slot, late, [1e10, 9, 9, 9, 0], since, limits).map(one => one.watched)
    }
    expect(seen(start)).toEqual([90])
    expect(seen(start + 90)).toEqual([])
  })
})

describe('profiles', () => {
  test('are bounded, refuse and count what is beyond, and give a silent place away', () => {
    const removed: string[] = []
    const profiles = new Profiles({ limit: 2, remove: key => removed.push(key) })
    const one = profiles.slot('a', start)
    profiles.slot('b', start)
    profiles.take(one, start, [1, 1, 1, 1, 1], start, limits)
    profiles.take(1, start + 900, [1, 1, 1, 1, 1], start, limits)
    for (let n = 0; n < 1000; n++) expect(profiles.slot(`x${n}`, start + 100)).toBe(-1)
    expect(profiles.counts).toEqual({ profiles: 2, refused: 1000, damaged: 0 })
    expect(profiles.slot('a', start)).toBe(0)
    expect(profiles.slot('c', start + 900)).toBe(0)
    expect(removed).toEqual(['a'])
    expect(profiles.generation).toBe(1)
    expect(profiles.slot('a', start + 900)).toBe(-1)
  })

  test('go on from what was saved or exported as if nothing had been', () => {
    const stored = new Map<string, Uint8Array>()
    const save = (key: string, bytes: Uint8Array) => void stored.set(key, Uint8Array.from(bytes))
    const first = new Profiles({ limit: 8, save })
    live(first, office, 0, 300)
    const again = new Profiles({ limit: 8, stored })
    const copied = new Profiles({ limit: 8, stored: first.export() })
    const wild: Life = hour => [5e9, 9e4, 30, noisy(300, hour), 900]
    const told = live(first, wild, 300, 303)
    expect(told.length).toBeGreaterThan(2)
    expect(live(again, wild, 300, 303)).toEqual(told)
    expect(live(copied, wild, 300, 303)).toEqual(told)
    expect(hoursKept).toBe(336)
  })

  test('are the same whether they are read at once, in steps or when they are asked for', () => {
    const stored = new Map<string, Uint8Array>()
    const save = (key: string, bytes: Uint8Array) => void stored.set(key, Uint8Array.from(bytes))
    const first = new Profiles({ limit: 8, save })
    live(first, office, 0, 300)
    for (const key of ['a', 'b', 'c', 'd'])
      first.take(first.slot(key, 300), 301, [1, 2, 3], 0, limits)
    const asked: string[] = []
    const read = (key: string) => {
      asked.push(key)
      return stored.get(key)
    }
    const late = new Profiles({ limit: 8, stored: [...stored], read })
    expect(late.counts.profiles).toBe(0)
    const wild: Life = hour => [5e9, 9e4, 30, noisy(300, hour), 900]
    const eager = new Profiles({ limit: 8, stored: [...stored] })
    expect(live(late, wild, 300, 303)).toEqual(live(eager, wild, 300, 303))
    expect(asked).toHaveLength(1)
    for (let step = 0; step < 5; step++) late.step(1)
    expect(late.slot('new', 400)).toBe(5)
    expect(late.counts).toMatchObject({ profiles: 6, damaged: 0 })
    const all = (profiles: Profiles) => [...profiles.export()].sort(([a], [b]) => (a < b ? -1 : 1))
    eager.slot('new', 400)
    expect(all(late)).toEqual(all(eager))
  })

  test('leave out and count what cannot be read', () => {
    const stored: [string, Uint8Array][] = [
      ['short', new Uint8Array(3)],
      ['newer', new Uint8Array(historyBytes + 8).fill(9)],
      ['', new Uint8Array(historyBytes + 8).fill(1)],
    ]
    expect(new Profiles({ limit: 8, stored }).counts).toMatchObject({ profiles: 0, damaged: 3 })
  })

  test('a forgotten device learns anew', () => {
    const profiles = fresh()
    live(profiles, office, 0, 300)
    expect(profiles.forget('device')).toBe(true)
    expect(profiles.forget('nobody')).toBe(false)
    expect(live(profiles, () => [1e12, 1e6, 900, 1e6, 1e6], 300, 330)).toEqual([])
  })
})

function middle(sorted: readonly number[]): number {
  const half = (sorted.length - 1) / 2
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2
}
