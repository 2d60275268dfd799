import { describe, expect, test } from 'vitest'
import { overHours, size, timing } from '../../src/detectors/beacon-score.ts'
import { DAY, dice, HOUR, World } from './world.ts'

const client = '192.168.1.10'

interface Calls {
  readonly from?: string
  readonly to?: string
  readonly name?: string
  readonly every: number
  /** Part of the interval, up or down. */
  readonly jitter?: number
  readonly start?: number
  readonly end: number
  readonly port?: number
  readonly bytes?: () => number
  /** Bytes that come back. */
  readonly back?: number
  readonly seed?: number
}

interface Call {
  readonly at: number
  readonly run: (world: World) => void
}

function calls({
  from = client,
  to = '203.0.113.7',
  name,
  every,
  end,
  seed = 1,
  ...rest
}: Calls): Call[] {
  const { jitter = 0, start = 0, port = 443, bytes = () => 500, back = 2000 } = rest
  const random = dice(seed)
  const list: Call[] = []
  for (let at = start; at < end; at += every * (1 + jitter * (2 * random() - 1))) {
    const out = Math.round(bytes())
    const begin = at
    list.push({
      at,
      run(world) {
        if (name !== undefined) world.resolve(from, name, to, begin)
        world.flow({
          action: 'start',
          from,
          to,
          at: begin,
          lasted: 0,
          ports: [5000 + (list.length % 50_000), port],
        })
        world.flow({ from, to, at: begin, out, back, ports: [5000 + (list.length % 50_000), port] })
      },
    })
  }
  return list
}

/** A person who reads: bursts of pages, pauses that have no middle. */
function browsing(from: string, to: string, name: string, end: number, seed: number): Call[] {
  const random = dice(seed)
  const list: Call[] = []
  for (let at = 600 * random(); at < end; ) {
    const base = at
    for (let page = 0; page < 1 + random() * 6; page++) {
      const begin = base + page * 20 * random()
      const out = Math.round(300 + 5000 * random() ** 3)
      list.push({
        at: begin,
        run(world) {
          world.resolve(from, name, to, begin)
          world.flow({ from, to, at: begin, out })
        },
      })
    }
    at += -Math.log(1 - random()) * 900
  }
  return list
}

function play(world: World, ...lists: readonly Call[][]): World {
  for (const { run } of lists.flat().sort((a, b) => a.at - b.at)) run(world)
  return world
}

describe('a beacon', () => {
  test.each([
    ['every minute, 20 % jitter', { every: 60, jitter: 0.2, end: DAY }],
    ['every minute, half jitter', { every: 60, jitter: 0.5, end: DAY }],
    ['every five seconds', { every: 5, jitter: 0.1, end: 8 * HOUR }],
    ['every quarter of an hour', { every: 900, jitter: 0.2, end: DAY }],
    ['every hour', { every: 3600, jitter: 0.2, end: DAY }],
  ])('%s is found under its name and under its address', (_, timing) => {
    const byAddress = play(new World('beacon'), calls(timing))
    expect(byAddress.told).toEqual({ [`beacon ${client}`]: expect.any(Number) })
    const byName = play(new World('beacon'), calls({ ...timing, name: 'c2.example.net' }))
    expect(byName.signals[0]?.evidence).toMatchObject({
      destination: 'c2.example.net',
      habit: 'unknown',
    })
    expect(
      byName.signals.every(({ evidence }) => evidence['destination'] === 'c2.example.net'),
    ).toBe(true)
  })

  test('says who, where, how often and how sure', () => {
    const { signals } = play(
      new World('beacon'),
      calls({ every: 60, jitter: 0.2, end: DAY, name: 'c2.example.net' }),
    )
    const [first] = signals
    expect(first).toMatchObject({ name: 'beacon', detector: 'beacon', entity: client })
    expect(first?.score).toBeGreaterThan(0.8)
    expect(first?.evidence['interval']).toBeGreaterThan(54)
    expect(first?.evidence['interval']).toBeLessThan(66)
    expect(first?.evidence['jitter']).toBeGreaterThan(0.05)
    expect(first?.message).toMatch(
      /^192\.168\.1\.10 connects to c2\.example\.net every 6?5?\d\.\d+ s/,
    )
  })

  test('with few connections wanted, the first look finds enough to judge', () => {
    const world = new World('beacon', { options: { connections: 8, span: '10m', score: 0.3 } })
    const { signals } = play(world, calls({ every: 120, jitter: 0.1, end: 40 * 60 }))
    expect(signals).toHaveLength(1)
    expect(signals[0]?.evidence['connections']).toBeLessThan(14)
  })

  test('is found among the browsing of an office within five hours', () => {
    const office = Array.from({ length: 12 }, (_, index) =>
      browsing(
        `192.168.1.${20 + (index % 6)}`,
        `198.51.100.${index}`,
        `site${index % 4}.example.org`,
        DAY / 2,
        index,
      ),
    )
    const beacon = calls({
      every: 60,
      jitter: 0.2,
      start: HOUR,
      end: 12 * HOUR,
      name: 'c2.example.net',
    })
    const world = play(new World('beacon'), beacon, ...office)
    expect(world.told).toEqual({ [`beacon ${client}`]: expect.any(Number) })
    expect((world.signals[0]?.time ?? 0) / 1e6).toBeLessThan(1_772_409_600 + 6.1 * HOUR)
  })

  test('with changing addresses is found by its name, with changing names by its address', () => {
    const random = dice(3)
    const flux = calls({ every: 300, jitter: 0.2, end: DAY }).map(({ at }) => ({
      at,
      run(world: World) {
        const to = `203.0.113.${Math.floor(random() * 250)}`
        world.resolve(client, 'flux.example.net', to, at)
        world.flow({ to, at })
      },
    }))
    expect(play(new World('beacon'), flux).signals[0]?.evidence['destination']).toBe(
      'flux.example.net',
    )
    const names = calls({ every: 300, jitter: 0.2, end: DAY }).map(({ at }) => ({
      at,
      run(world: World) {
        world.resolve(client, `n${Math.floor(random() * 1e6)}.example.net`, '203.0.113.9', at)
        world.flow({ to: '203.0.113.9', at })
      },
    }))
    expect(play(new World('beacon'), names).signals[0]?.evidence['destination']).toBe('203.0.113.9')
  })

  test('that begins after the first days is new, and worth more', () => {
    const old = calls({ every: 300, end: 6 * DAY, name: 'vendor.example.org', to: '198.51.100.9' })
    const late = calls({
      every: 60,
      jitter: 0.2,
      start: 5 * DAY,
      end: 6 * DAY,
      name: 'c2.example.net',
    })
    const { signals } = play(new World('beacon'), old, late)
    const about = (name: string) =>
      signals.filter(({ evidence }) => evidence['destination'] === name)
    // Soon, because it is as regular as a clock; and surely, when it has gone on for hours.
    const [first, ...later] = about('c2.example.net')
    expect(first).toMatchObject({ evidence: { habit: 'new', histogram: 0 } })
    expect(later).toContainEqual(expect.objectContaining({ score: 1 }))
    // Only on its first day: from then on it is a habit.
    expect(
      about('vendor.example.org').every(({ time }) => time / 1e6 < 1_772_409_600 + 1.3 * DAY),
    ).toBe(true)
  })
})

/** Bytes of requests that people make. */
function varying(seed: number): () => number {
  const random = dice(seed)
  return () => 300 + 3000 * random()
}

describe('a beacon as regular as a clock is told within minutes, from the first packet on,', () => {
  test.each<[string, Omit<Calls, 'end'>, number]>([
    ['each 5 s', { every: 5 }, 300],
    ['each 10 s', { every: 10, name: 'c2.example.net' }, 600],
    ['each minute', { every: 60, name: 'c2.example.net' }, HOUR],
    ['each minute, give or take a fifth', { every: 60, jitter: 0.2 }, 1.5 * HOUR],
  ])('%s', (_, options, end) => {
    const { signals } = play(new World('beacon'), calls({ ...options, end }))
    expect(signals).toMatchObject([{ entity: client, evidence: { habit: 'unknown', sharing: 1 } }])
  })

  test('but not where others do the same', () => {
    const to = '203.0.113.7'
    const both = ['192.168.1.10', '192.168.1.11'].map(from =>
      calls({ from, to, every: 10, end: HOUR }),
    )
    expect(play(new World('beacon'), ...both).told).toEqual({})
  })
})

describe('no beacon', () => {
  test.each([
    ['time servers', { every: 64, port: 123, end: DAY }],
    ['questions to a resolver', { every: 30, port: 53, end: DAY }],
    ['too few connections', { every: 4 * HOUR, end: DAY }],
    ['connections made anew twice a day', { every: 12 * HOUR, jitter: 0.2, end: 9 * DAY }],
    ['a short while', { every: 10, end: 240 }],
    [
      'a page that is loaded anew every ten seconds, an hour',
      { every: 10, end: HOUR, back: 20_000 },
    ],
    ['a person for an hour', { every: 60, jitter: 0.9, end: HOUR, bytes: varying(7) }],
    ['a program that does something each second', { every: 1, end: HOUR }],
    ['polls inside', { every: 60, to: '192.168.7.7', end: DAY }],
    ['calls from outside', { every: 60, from: '203.0.113.9', to: client, end: DAY }],
  ])('are %s', (_, timing) => {
    expect(play(new World('beacon'), calls(timing)).told).toEqual({})
  })

  test('is a service that every office uses, nor mail that is fetched', () => {
    const portal = calls({ every: 300, end: DAY, name: 'connectivity-check.ubuntu.com' })
    const mail = calls({
      every: 600,
      end: DAY,
      name: 'imap.example.org',
      port: 993,
      to: '198.51.100.4',
    })
    expect(play(new World('beacon'), portal, mail).told).toEqual({})
  })

  test('is what many devices do', () => {
    const polls = Array.from({ length: 8 }, (_, index) =>
      calls({
        from: `192.168.1.${30 + index}`,
        every: 300,
        start: index,
        end: DAY,
        name: 'agent.example.org',
      }),
    )
    const { signals } = play(new World('beacon'), ...polls)
    expect(signals.filter(({ score }) => score >= 0.75)).toEqual([])
  })

  test('is a monitor that polls twenty sites', () => {
    const polls = Array.from({ length: 20 }, (_, index) =>
      calls({
        every: 300,
        start: index,
        end: DAY,
        name: `customer${index}.example`,
        to: `198.51.100.${index}`,
      }),
    )
    const { signals } = play(new World('beacon'), ...polls)
    expect(signals.filter(({ score }) => score >= 0.8).length).toBeLessThanOrEqual(6)
  })

  test('is a person who reads all day', () => {
    const readers = Array.from({ length: 10 }, (_, index) =>
      browsing(
        `192.168.1.${20 + (index % 5)}`,
        `198.51.100.${index}`,
        `site${index}.example.org`,
        DAY,
        index + 50,
      ),
    )
    expect(play(new World('beacon'), ...readers).told).toEqual({})
  })

  test('is a program that connects by chance, however long', () => {
    const random = dice(9)
    const chance: Call[] = []
    for (let at = 0; at < DAY; at += -Math.log(1 - random()) * 120) {
      const begin = at
      chance.push({ at, run: world => world.flow({ at: begin, out: 500 }) })
    }
    expect(play(new World('beacon'), chance).told).toEqual({})
  })

  test('is one long conversation that is kept alive', () => {
    const world = new World('beacon')
    for (let at = 60; at < DAY; at += 60) {
      world.flow({ action: 'update', at: 0, lasted: at, ports: [5000, 443], out: at })
    }
    world.flow({ at: 0, lasted: DAY, ports: [5000, 443], out: DAY })
    expect(world.told).toEqual({})
  })
})

test('a strobe is told whatever its rhythm', () => {
  const random = dice(4)
  const storm: Call[] = []
  for (let at = 0; at < 4.5 * HOUR; at += 2 * random()) {
    const begin = at
    storm.push({ at, run: world => world.flow({ at: begin, lasted: 0.1 }) })
  }
  const world = play(new World('beacon', { options: { strobe: 10_000 } }), storm)
  expect(world.told[`strobe ${client}`]).toBeGreaterThan(0)
})

describe('a flood of random pairs', () => {
  test('from one scanner keeps nobody from being found', () => {
    const world = new World('beacon', { options: { pairs: 1024, watched: 64 } })
    const random = dice(5)
    const flood: Call[] = []
    for (let at = 0; at < 6 * HOUR; at += 1) {
      const begin = at
      const to = `198.${Math.floor(18 + 2 * random())}.${Math.floor(256 * random())}.${Math.floor(256 * random())}`
      flood.push({
        at,
        run: one => one.flow({ from: '192.168.1.99', to, at: begin, answered: false }),
      })
    }
    play(world, flood, calls({ every: 300, jitter: 0.2, end: 6 * HOUR, name: 'c2.example.net' }))
    expect(world.told).toEqual({ [`beacon ${client}`]: expect.any(Number) })
    const { pairs = 0, evicted = 0, refused = 0 } = world.counts['beacon'] ?? {}
    expect(pairs).toBeLessThanOrEqual(1024)
    expect(evicted + refused).toBeGreaterThan(15_000)
  })

  test('two replays say the same', () => {
    const run = () => {
      const world = new World('beacon')
      play(
        world,
        calls({ every: 60, jitter: 0.3, end: DAY }),
        browsing(client, '198.51.100.1', 'a.example', DAY, 7),
      )
      return JSON.stringify(
        world.signals.map(({ name, identity, score, evidence, time }) => [
          name,
          identity,
          score,
          evidence,
          time,
        ]),
      )
    }
    expect(run()).toBe(run())
  })
})

describe('scores', () => {
  test('of even intervals are 1, of chance low', () => {
    expect(timing([0, 60, 120, 180, 240])).toMatchObject({ score: 1, interval: 60, jitter: 0 })
    expect(timing([0, 60]).score).toBe(0)
    expect(timing([]).score).toBe(0)
    expect(timing([5, 5, 5, 5, 5]).score).toBe(0)
  })

  test('count what comes in a bunch once', () => {
    const starts = Array.from({ length: 20 }, (_, index) => [
      index * 60,
      index * 60 + 0.3,
      index * 60 + 1.5,
    ]).flat()
    expect(timing(starts)).toMatchObject({ score: 1, interval: 60, jitter: 0 })
  })

  test('of sizes: the same is 1, nothing is no sameness', () => {
    expect(size([500, 500, 500, 500])).toBe(1)
    expect(size([0, 0, 0, 0])).toBe(0.5)
    expect(size([500])).toBe(0)
    expect(size([100, 90_000, 40, 7_000_000])).toBeLessThan(0.8)
  })

  test('of hours: evenness and length', () => {
    const hours = (count: (hour: number) => number) =>
      Array.from({ length: 24 }, (_, hour) => count(hour))
    expect(overHours(hours(() => 60))).toEqual({ histogram: 1, duration: 1 })
    expect(overHours(hours(() => 0))).toEqual({ histogram: 0, duration: 0 })
    expect(overHours(hours(hour => (hour < 12 ? 0 : 4))).duration).toBe(1)
    expect(overHours(hours(hour => (hour % 5 === 0 ? 100 : 0))).histogram).toBeLessThan(0.2)
  })
})
