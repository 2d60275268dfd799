import { describe, expect, test } from 'vitest'
import { DAY, type FlowFields, HOUR, World } from './world.ts'

const client = '192.168.1.10'

/** A conversation told every ten minutes, and at its end. */
function hold(world: World, fields: FlowFields & { hours: number; name?: string }): void {
  const { hours, name, at = 0, ports = [4000, 443], from = client, to = '203.0.113.7' } = fields
  const common = { ...fields, from, to, at, ports }
  if (name !== undefined) world.resolve(from, name, to, at)
  world.flow({ ...common, action: 'start', lasted: 0 })
  for (let lasted = 600; lasted < hours * HOUR; lasted += 600) {
    world.flow({ ...common, action: 'update', lasted, out: lasted, back: lasted })
  }
  world.flow({ ...common, lasted: hours * HOUR, out: hours * HOUR, back: hours * HOUR })
}

const bands = (world: World) =>
  world.signals.map(({ evidence, score }) => [evidence['hours'], score])

describe('a long connection', () => {
  test('to an address without a name is told at each band', () => {
    const world = new World('long-connection', { learn: 0 })
    hold(world, { hours: 13 })
    expect(bands(world)).toEqual([
      [1, 0.55],
      [4, 0.75],
      [8, 0.95],
      [12, 1],
    ])
    expect(world.signals[0]).toMatchObject({
      entity: client,
      evidence: { destination: '203.0.113.7:443', named: false, habit: 'new' },
    })
  })

  test('to a name is worth less, and in the first days less still', () => {
    const late = new World('long-connection', { learn: 0 })
    hold(late, { hours: 13, name: 'news.example.org' })
    expect(bands(late)).toEqual([
      [4, 0.5],
      [8, 0.7],
      [12, 0.9],
    ])
    const young = new World('long-connection')
    hold(young, { hours: 13, name: 'news.example.org' })
    expect(bands(young)).toEqual([[12, 0.55]])
    const address = new World('long-connection')
    hold(address, { hours: 13 })
    expect(bands(address).at(-1)).toEqual([12, 0.8])
  })

  test('that is told only at its end is in the band that it reached', () => {
    const world = new World('long-connection', { learn: 0 })
    world.flow({ lasted: 9 * HOUR })
    expect(bands(world)).toEqual([[9, 0.95]])
  })

  test('is new after the first days, and a habit if it was there before', () => {
    const world = new World('long-connection')
    for (let day = 0; day < 6; day++)
      hold(world, { hours: 9, at: day * DAY, name: 'vpn.example.org' })
    expect(world.signals).toEqual([])
    hold(world, { hours: 13, at: 6 * DAY, to: '203.0.113.66' })
    expect(bands(world).at(-1)).toEqual([12, 1])
  })
})

describe('no long connection', () => {
  test.each([
    ['is what lasts an hour less a minute', { hours: 59 / 60 }],
    ['is one that nobody answered', { hours: 13, answered: false }],
    ['is one inside', { hours: 13, to: '192.168.9.9' }],
    ['is one that came from outside', { hours: 13, from: '203.0.113.9', to: client }],
    ['is a conversation of another protocol', { hours: 13, protocol: 50 }],
  ])('%s', (_, fields) => {
    const world = new World('long-connection', { learn: 0 })
    hold(world, fields)
    expect(world.told).toEqual({})
  })

  test('of push messages is worth a rule', () => {
    const world = new World('long-connection', { learn: 0 })
    hold(world, { hours: 13, name: '7-courier.push.apple.com', ports: [4000, 5223] })
    hold(world, { hours: 13, at: DAY, to: '198.51.100.7', ports: [4001, 5228] })
    expect(world.signals.filter(({ score }) => score >= 0.75)).toEqual([])
  })

  test('that many devices hold is worth a rule', () => {
    const world = new World('long-connection', { learn: 0 })
    for (let index = 0; index < 6; index++) {
      hold(world, {
        hours: 13,
        at: index * DAY,
        from: `192.168.1.${20 + index}`,
        name: 'push.example.org',
      })
    }
    expect(world.signals.filter(({ score }) => score >= 0.75).map(({ entity }) => entity)).toEqual([
      '192.168.1.20',
      '192.168.1.21',
    ])
  })
})
