import { describe, expect, test } from 'vitest'
import { alerts, signalsOf, type Timed } from './replayed.ts'
import { many, talk } from './talk.ts'

const signals = signalsOf('lateral')

const hour = 3600
const day = 24 * hour
const client = '192.168.1.50'
const fileServer = '192.168.1.2'

const session = (at: number, from: string, to: string, port = 445): Timed[] =>
  talk({ at, from, to, port, said: 3000, answered: 9000 })

/** Three days of an office: everybody uses the file server, one host rules two others. */
const usual = many(3 * 24 * 6, i => [
  ...session(i * 600, `192.168.1.${50 + (i % 8)}`, fileServer),
  ...session(i * 600 + 5, '192.168.1.40', `192.168.1.${3 + (i % 2)}`, 22),
])

/** Observed time that the detector learns for, µs. */
const learn = 2 * day * 1e6

describe('lateral', () => {
  test('says that a host rules another for the first time', async () => {
    const told = await signals([...usual, ...session(3 * day, client, '192.168.1.77', 3389)], {
      learn,
    })
    expect(told).toMatchObject([
      {
        source: { ip: client },
        destination: { ip: '192.168.1.77', port: 3389 },
        orthrus: {
          signal: { name: 'lateral-peer', entity: client, evidence: { service: 'rdp', users: 0 } },
        },
      },
    ])
  })

  test('makes an alert of several in an hour', async () => {
    const packets = [
      ...usual,
      ...many(6, i => session(3 * day + i * 300, client, `192.168.1.${100 + i}`)),
    ]
    expect(await alerts(packets, { learn })).toMatchObject([
      {
        rule: { name: 'Host Goes From Machine to Machine' },
        source: { ip: client },
        orthrus: { signal: { evidence: { new_peers: 4 } } },
      },
    ])
  })
})

test('lateral tells of eight in an hour even while it learns, unless by SSH', async () => {
  const tour = (port: number) =>
    many(10, i => session(i * 30, client, `192.168.1.${100 + i}`, port))
  expect(await signals(tour(445), { learn })).toMatchObject([
    { orthrus: { signal: { name: 'lateral-fan-out', score: 0.6, evidence: { new_peers: 8 } } } },
  ])
  expect(await signals(tour(22), { learn })).toEqual([])
})

describe('lateral is quiet', () => {
  test.each<[string, Timed[]]>([
    ['about what always was', usual],
    ['about a new client of everybody’s server', session(3 * day, '192.168.1.99', fileServer)],
    ['about sessions with the outside', session(3 * day, client, '198.51.100.7', 22)],
    ['about other services', session(3 * day, client, '192.168.1.77', 8080)],
    [
      'about a port that was only looked at',
      talk({ at: 3 * day, from: client, to: '192.168.1.77', port: 22, said: 20, answered: 20 }),
    ],
  ])('%s', async (_, packets) => {
    expect(await signals([...usual, ...packets], { learn })).toEqual([])
  })

  test('about a few in an hour when nothing was learnt, and says so when they are half a dozen', async () => {
    const packets = many(14, i => session(i * 60, client, `192.168.1.${100 + i}`))
    const told = await alerts(packets, { learn: 0 })
    expect(told).toMatchObject([{ orthrus: { signal: { evidence: { new_peers: 6 } } } }])
  })

  test('while it learns', async () => {
    const packets = many(7, i => session(i * 60, client, `192.168.1.${100 + i}`))
    expect(await signals(packets, { learn })).toEqual([])
  })
})
