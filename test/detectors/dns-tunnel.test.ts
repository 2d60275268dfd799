import { describe, expect, test } from 'vitest'
import { address, client, many, question, random, resolved, visit } from './names.ts'
import { alerts, signals } from './replayed.ts'

const named = (told: Awaited<ReturnType<typeof signals>>) =>
  told.map(one => one.orthrus.signal).filter(({ name }) => name === 'dns-tunnel')

describe('a tunnel', () => {
  test('a fast one of TXT questions is told of within its first minute, once', async () => {
    const told = named(
      await signals(
        many(600, i =>
          question({ at: i * 0.2, name: `${random(i, 50)}.t.example.com`, type: 'TXT' }),
        ),
      ),
    )
    expect(told).toHaveLength(2) // at its beginning, and at ten times as much
    expect(told[0]).toMatchObject({
      entity: client,
      evidence: { domain: 'example.com', names: 10, carriers: 1, visits: 0 },
    })
    expect(Number(told[0]?.evidence['seconds'])).toBeLessThan(60)
    expect(told[0]?.score).toBeGreaterThanOrEqual(0.8)
  })

  test('of few names that are long is told of, where one asks alone', async () => {
    const packets = many(24, i =>
      question({ at: i * 600, name: `${random(i, 50)}.x.example.net`, type: 'A' }),
    )
    expect(named(await signals(packets))).toMatchObject([
      { entity: client, score: 0.7, evidence: { domain: 'example.net', names: 10, clients: 1 } },
    ])
  })

  test('one question a minute is told of within the hour', async () => {
    const told = named(
      await signals(many(240, i => question({ at: i * 60, name: `${random(i, 40)}.example.net` }))),
    )
    expect(told[0]).toMatchObject({ entity: client, evidence: { domain: 'example.net' } })
    expect(Number(told[0]?.evidence['seconds'])).toBeLessThan(3600)
  })

  test('becomes one alert, with client, domain and an example', async () => {
    const told = await alerts(
      many(300, i => question({ at: i, name: `${random(i, 50)}.t.example.com`, type: 'NULL' })),
    )
    expect(told.map(({ rule }) => rule.name)).toEqual(['Data Hidden in DNS Names'])
    expect(told[0]?.message).toContain(`${client} asked for`)
    expect(told[0]?.source?.ip).toBe(client)
  })
})

describe('no tunnel', () => {
  test('a content network with random names that are then visited', async () => {
    const packets = many(200, i => {
      const name = `${random(i, 30)}.cdn.example.org`
      const ip = `203.0.113.${i % 250}`
      return [
        ...resolved({ at: i * 20, name }, [address(name, ip)]),
        ...visit(i * 20 + 1, ip, 30_000 + i),
      ]
    })
    expect(named(await signals(packets))).toEqual([])
  })

  test('the same names over and over', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `${random(i, 20)}.example.com`)
    const packets = many(3000, i => question({ at: i, name: names[i % 30] ?? '' }))
    expect(named(await signals(packets))).toEqual([])
  })

  test('as many short names', async () => {
    const packets = many(300, i => question({ at: i * 10, name: `h${i}.example.com` }))
    expect(named(await signals(packets))).toEqual([])
  })

  test('a service that is asked about addresses by name, and reverse names', async () => {
    const packets = many(300, i => [
      ...question({ at: i, name: `${random(i, 50)}.zen.spamhaus.org` }),
      ...question({ at: i + 0.5, name: `${i % 250}.${i % 7}.0.203.in-addr.arpa`, type: 'PTR' }),
    ])
    expect(named(await signals(packets))).toEqual([])
  })

  test('many clients that ask for a few names each', async () => {
    const packets = many(300, i =>
      question({ at: i, name: `${random(i, 50)}.example.com`, src: `192.168.2.${i % 30}` }),
    )
    expect(named(await signals(packets))).toEqual([])
  })
})

test('what the third client does alike is a product, and worth little', async () => {
  const packets = many(4, client =>
    many(60, i =>
      question({
        at: client * 600 + i,
        name: `${random(client * 100 + i, 50)}.scan.example.com`,
        src: `192.168.1.${30 + client}`,
      }),
    ),
  )
  const told = named(await signals(packets))
  expect(told.map(({ score }) => score >= 0.6)).toEqual([true, true, false, false])
  expect(told.map(({ evidence }) => evidence['clients'])).toEqual([1, 2, 3, 4])
})

test('a flood of domains does not push out the pair that is watched', async () => {
  const limit = 256
  const packets = [
    ...many(30, i => question({ at: i, name: `${random(i, 50)}.t.example.com` })),
    ...many(2000, i => question({ at: 30 + i * 0.01, name: `www.${random(i, 12)}.com` })),
    ...many(30, i => question({ at: 60 + i, name: `${random(i + 100, 50)}.t.example.com` })),
  ]
  const told = named(await signals(packets, { detectors: { 'dns-tunnel': { limit } } }))
  expect(told).toMatchObject([{ evidence: { domain: 'example.com' } }])
})

describe('what a client asks day after day', () => {
  const day = 86_400
  /** A product that looks things up by name every working day: `names` of them from nine o’clock on. */
  const lookups = (days: number, names: (day: number) => number) =>
    many(days, one =>
      many(names(one), i =>
        question({
          at: one * day + 32_400 + i,
          name: `${random(one * 10_000 + i, 40)}.scan.example.com`,
        }),
      ),
    )

  test('is told of on the first day, and is a habit from the second on', async () => {
    const told = named(await signals(lookups(5, () => 60)))
    expect(told.map(({ score }) => score >= 0.6)).toEqual([true, false, false, false, false])
    expect(told.map(({ evidence }) => evidence['days'])).toEqual([0, 1, 2, 3, 4])
    expect((await alerts(lookups(5, () => 60))).map(({ rule }) => rule.name)).toEqual([
      'Data Hidden in DNS Names',
    ])
  })

  test('is told of again when it is ten times as much', async () => {
    const told = named(await signals(lookups(4, one => (one === 3 ? 900 : 60))))
    const sure = told.filter(({ score }) => score >= 0.6)
    expect(sure.map(({ evidence }) => Number(evidence['bytes']) >= 8000)).toEqual([false, true])
  })

  test('of another domain is news, however long the first has been known', async () => {
    const packets = [
      ...lookups(4, () => 60),
      ...many(60, i =>
        question({ at: 3 * day + 50_000 + i, name: `${random(i, 40)}.example.net` }),
      ),
    ]
    const sure = named(await signals(packets)).filter(({ score }) => score >= 0.6)
    expect(sure.map(({ evidence }) => evidence['domain'])).toEqual(['example.com', 'example.net'])
  })
})
