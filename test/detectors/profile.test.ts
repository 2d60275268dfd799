import { describe, expect, test } from 'vitest'
import { DAY, dice, type FlowFields, HOUR, World } from './world.ts'

const client = '192.168.1.10'

/** A device at work: some pages an hour, each with its bytes. */
function work(
  world: World,
  from: number,
  to: number,
  more?: (hour: number) => readonly FlowFields[],
): void {
  const random = dice(from + 1)
  for (let at = from; at < to; at += HOUR) {
    const flows: FlowFields[] = Array.from({ length: 20 }, (_, index) => ({
      at: at + index * 170,
      to: `198.51.100.${Math.floor(random() * 12)}`,
      out: 2000 + 20_000 * random(),
    }))
    const all = [...flows, ...(more?.(at / HOUR) ?? [])]
    for (const fields of all.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))) world.flow(fields)
  }
}

describe('an hour out of the profile', () => {
  test('is told once it is over, with what is usual', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    work(world, 5 * DAY, 5 * DAY + 6 * HOUR, hour =>
      hour === 122 ? [{ at: hour * HOUR + 60, to: '203.0.113.7', lasted: 900, out: 4e9 }] : [],
    )
    expect(world.signals).toMatchObject([
      {
        name: 'out-of-profile',
        detector: 'profile',
        entity: client,
        identity: ['bytes-out', expect.any(Number)],
        fields: { 'source.ip': client },
        evidence: { measure: 'bytes-out' },
      },
    ])
    const [first] = world.signals
    expect(first?.evidence['value']).toBeGreaterThan(4e9)
    expect(first?.evidence['z']).toBeGreaterThan(3.5)
    expect(first?.score).toBeGreaterThanOrEqual(0.6)
  })

  test('is told of distinct destinations and of names that do not exist', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    const sweep = Array.from({ length: 600 }, (_, index) => ({
      at: 5 * DAY + 10 + index,
      to: `192.168.${7 + (index >> 8)}.${index & 255}`,
      answered: false,
    }))
    work(world, 5 * DAY, 5 * DAY + 3 * HOUR, hour => (hour === 120 ? sweep : []))
    expect(world.signals.map(({ evidence }) => evidence['measure'])).toEqual(['destinations'])
  })

  test('is one signal, with what else was out', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    const busy = Array.from({ length: 2500 }, (_, index) => ({
      at: 5 * DAY + 10 + index,
      to: `203.0.${index >> 8}.${index & 255}`,
      out: 1e6,
    }))
    work(world, 5 * DAY, 5 * DAY + 3 * HOUR, hour => (hour === 120 ? busy : []))
    const [one, ...others] = world.signals
    expect(others).toEqual([])
    expect(one?.evidence['also']).toHaveLength(2)
    expect(one?.evidence).not.toHaveProperty('explained_by', expect.anything())
  })

  test('of a long upload counts what it carried in this hour', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    const start = 5 * DAY + 30 * 60
    const ports = [4000, 443] as const
    const upload = (hour: number): FlowFields[] =>
      Array.from({ length: 60 }, (_, minute) => {
        const lasted = (hour - 120) * HOUR + minute * 60 - 1700
        return { action: 'update', at: start, lasted, ports, out: lasted * 1e5 } as const
      }).filter(({ lasted }) => lasted > 0)
    work(world, 5 * DAY, 5 * DAY + 6 * HOUR, upload)
    const values = world.signals.map(({ evidence }) => Number(evidence['value']))
    expect(values.length).toBeGreaterThanOrEqual(3)
    for (const value of values) expect(value).toBeLessThan(3.7e8)
  })
})

test('what another detector has told of is no second news', () => {
  const scan = Array.from({ length: 600 }, (_, index) => ({
    at: 5 * DAY + 10 + index / 20,
    lasted: 0,
    to: `192.168.${7 + (index >> 8)}.${index & 255}`,
    answered: false,
    out: 0,
  }))
  const world = new World(['profile', 'scan'])
  work(world, 0, 5 * DAY)
  work(world, 5 * DAY, 5 * DAY + 3 * HOUR, hour => (hour === 120 ? scan : []))
  expect(world.signals.map(({ name }) => name)).toEqual([
    'host-sweep',
    'host-sweep',
    'out-of-profile',
  ])
  const last = world.signals.at(-1)
  expect(last?.score).toBeLessThanOrEqual(0.5)
  expect(last?.evidence).toMatchObject({ measure: 'destinations', explained_by: ['host-sweep'] })
})

describe('nothing is told', () => {
  test('in the first three days', () => {
    const world = new World('profile')
    work(world, 0, 3 * DAY, hour => (hour === 60 ? [{ at: hour * HOUR, out: 9e9 }] : []))
    expect(world.told).toEqual({})
  })

  test('of what comes in, and of what stays inside', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    work(world, 5 * DAY, 5 * DAY + 3 * HOUR, hour => [
      { at: hour * HOUR + 1, to: '192.168.9.9', out: 9e9 },
      { at: hour * HOUR + 2, out: 9000, back: 9e9 },
      { at: hour * HOUR + 3, from: '203.0.113.9', to: client, out: 9e9 },
    ])
    expect(world.told).toEqual({})
  })

  test('of the hour in which the sensor began or after it was away', () => {
    const world = new World('profile')
    work(world, 0, 5 * DAY)
    world.jump(5 * DAY + 12.5 * HOUR)
    world.flow({ at: 5 * DAY + 12.6 * HOUR, out: 9e9 })
    world.advance(5 * DAY + 14 * HOUR)
    expect(world.signals.length).toBe(0)
  })
})

test('sources that nobody answers get no profile', () => {
  const world = new World('profile')
  for (let index = 0; index < 5000; index++) {
    world.flow({ at: index / 10, from: `192.168.${index >> 8}.${index & 255}`, answered: false })
  }
  expect(world.counts['profile']).toMatchObject({ profiles: 0, refused: 0 })
  world.flow({ at: 600 })
  expect(world.counts['profile']).toMatchObject({ profiles: 1, refused: 0 })
})
