import { describe, expect, test } from 'vitest'
import { DAY, dice, type FlowFields, HOUR, World } from './world.ts'

const client = '192.168.1.10'
const MB = 1e6

function upload(world: World, fields: FlowFields & { name?: string }): void {
  const { name, from = client, to = '203.0.113.7', at = 0 } = fields
  if (name !== undefined) world.resolve(from, name, to, at)
  world.flow({ lasted: 60, ...fields, from, to, at, action: 'start' })
  world.flow({ lasted: 60, ...fields, from, to, at })
}

describe('an upload', () => {
  test('of 100 MB in one conversation is told while it runs', () => {
    const world = new World('exfiltration')
    const ports = [4000, 443] as const
    for (let minute = 1; minute <= 10; minute++) {
      const fields = { at: 0, lasted: minute * 60, ports, out: minute * 30 * MB, back: MB }
      world.flow({ action: 'update', ...fields })
    }
    world.flow({ at: 0, lasted: 600, ports, out: 300 * MB, back: MB })
    expect(world.signals).toMatchObject([
      {
        name: 'exfiltration',
        entity: client,
        score: 0.65,
        evidence: { destination: '203.0.113.7', bytes_out: 120 * MB, habit: 'unknown', usual: 0 },
        message: '192.168.1.10 sent 120 MB to 203.0.113.7, and 1.0 MB came back',
      },
    ])
  })

  test('of 500 MB a day in many conversations is told, again at ten times as much', () => {
    const world = new World('exfiltration')
    for (let index = 0; index < 700; index++) {
      upload(world, {
        at: index * 100,
        out: 9 * MB,
        back: 20_000,
        name: 'up.example.net',
        to: `203.0.113.${index % 9}`,
      })
    }
    expect(world.signals.map(({ evidence }) => evidence['bytes_out'])).toEqual([
      504 * MB,
      5040 * MB,
    ])
    expect(world.signals[0]?.evidence['destination']).toBe('up.example.net')
  })

  test('is new after the first days, and worth more', () => {
    const world = new World('exfiltration')
    world.flow({ at: 0 })
    world.advance(5 * DAY)
    upload(world, { at: 5 * DAY, out: 200 * MB })
    expect(world.signals).toMatchObject([{ score: 0.85, evidence: { habit: 'new' } }])
  })

  test('to where it went in the first days is a habit', () => {
    const world = new World('exfiltration')
    for (let day = 0; day < 8; day++) {
      upload(world, { at: day * DAY + HOUR, out: 900 * MB, name: 'backup.example.org' })
    }
    expect(world.signals.map(({ time }) => time)).toHaveLength(1)
  })

  test('is measured against what the device sends in its fullest hours', () => {
    const world = new World('exfiltration', { learn: 0 })
    const limits = { z: 3.5, watched: 1000, active: 1000, least: [1, 1, 1, 1, 1] }
    const hour = Math.floor(Date.UTC(2026, 2, 2) / 3_600_000)
    const slot = world.profiles.slot(client, hour)
    const random = dice(1)
    for (let past = 200; past > 0; past--) {
      const values = [random() * 80 * MB, 10, 5, 10, 0]
      world.profiles.take(slot, hour - past, values, hour - 200, limits)
    }
    upload(world, { out: 150 * MB })
    expect(world.told).toEqual({})
    upload(world, { at: 600, out: 400 * MB, to: '203.0.113.8' })
    expect(world.signals).toMatchObject([{ score: 0.95 }])
  })
})

describe('no exfiltration', () => {
  test.each([
    ['a download', { out: 150 * MB, back: 9000 * MB }],
    ['a call with pictures both ways', { out: 900 * MB, back: 700 * MB }],
    ['an upload that is not large', { out: 99 * MB }],
    ['a copy inside', { out: 9000 * MB, to: '192.168.9.9' }],
    [
      'what a server of ours sends to who asks',
      { from: '203.0.113.9', to: client, out: 1000, back: 9000 * MB },
    ],
    ['what somebody outside sends us', { from: '203.0.113.9', to: client, out: 9000 * MB }],
  ])('is %s', (_, fields) => {
    const world = new World('exfiltration', { learn: 0 })
    upload(world, fields)
    expect(world.told).toEqual({})
  })

  test('is what adds up over days', () => {
    const world = new World('exfiltration', { learn: 0 })
    for (let day = 0; day < 10; day++) {
      for (let part = 0; part < 4; part++)
        upload(world, { at: day * DAY + part * HOUR, out: 99 * MB })
    }
    expect(world.told).toEqual({})
  })

  test('of services that every office uses is worth a rule', () => {
    const world = new World('exfiltration')
    upload(world, { out: 900 * MB, name: 'contoso-my.files.office.com' })
    expect(world.signals).toMatchObject([{ score: 0.45 }])
  })
})

test('a flood of random uploads is bounded and counted, and hides none', () => {
  const world = new World('exfiltration', { options: { pairs: 1024 } })
  const random = dice(2)
  const address = () =>
    `${20 + Math.floor(random() * 100)}.1.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`
  for (let index = 0; index < 20_000; index++) {
    upload(world, { at: index, to: address(), from: '192.168.1.99', out: 20_000 })
    if (index % 40 === 0) upload(world, { at: index, out: 2 * MB })
  }
  expect(world.told).toEqual({ [`exfiltration ${client}`]: 1 })
  expect(world.counts['exfiltration']?.['pairs']).toBeLessThanOrEqual(1024)
  expect(world.counts['exfiltration']?.['evicted']).toBeGreaterThan(10_000)
})
