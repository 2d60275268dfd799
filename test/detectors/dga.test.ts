import { describe, expect, test } from 'vitest'
import { oddness } from '../../src/detectors/odd-name.ts'
import { address, client, many, random, resolved } from './names.ts'
import { alerts, signals } from './replayed.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const named = (told: Awaited<ReturnType<typeof signals>>) =>
  told.map(one => one.orthrus.signal).filter(({ name }) => name === 'dga')

describe('the model of names', () => {
  test('tells random letters from the names that people give', () => {
    const people = ['microsoft', 'wikipedia', 'deutschebahn', 'washingtonpost', 'bloomberg']
    for (const name of people) expect(oddness(name), name).toBeLessThan(4.7)
    const odd = Array.from({ length: 200 }, (_, i) => oddness(random(i, 12, letters)))
    expect(odd.filter(one => one > 4.7).length).toBeGreaterThan(190)
  })

  test('says nothing of short labels, and takes any text', () => {
    expect(oddness('xkqz')).toBe(0)
    expect(oddness('\u{1f600}\0\u00ff______')).toBeGreaterThan(0)
  })
})

test('a burst of made-up domains is one signal, with the one that existed', async () => {
  const packets = [
    ...many(9, i => resolved({ at: i * 5, name: `${random(i, 14, letters)}.com` })),
    ...resolved({ at: 47, name: 'qxkvwzjhgrtp.com' }, [address('qxkvwzjhgrtp.com', '203.0.113.7')]),
    ...many(40, i => resolved({ at: 50 + i * 5, name: `${random(i + 50, 14, letters)}.net` })),
  ]
  expect(named(await signals(packets))).toMatchObject([
    { entity: client, evidence: { domains: 10, found: 'qxkvwzjhgrtp.com' } },
  ])
  const told = await alerts(packets)
  expect(told.map(({ rule }) => rule.name)).toEqual(['Many Made-Up Names That Do Not Exist'])
})

describe('no program makes up', () => {
  test('one missing name, asked for over and over', async () => {
    const packets = many(200, i => resolved({ at: i, name: 'xkqzvwrtpl.com' }))
    expect(named(await signals(packets))).toEqual([])
  })

  test('a dozen words that a person mistyped in an hour', async () => {
    const words = ['gogle', 'facebok', 'wikipdia', 'amazn', 'netflx', 'twiter', 'linkdin', 'youtub']
    const packets = words.flatMap((word, i) => resolved({ at: i * 400, name: `www.${word}.com` }))
    expect(named(await signals(packets))).toEqual([])
  })

  test('random single labels, as browsers try them', async () => {
    const packets = many(60, i => resolved({ at: i, name: random(i, 10, letters) }))
    expect(named(await signals(packets))).toEqual([])
  })

  test('nine made-up names, then silence for longer than the window', async () => {
    const packets = many(18, i =>
      resolved({ at: i * 5 + (i < 9 ? 0 : 7200), name: `${random(i, 14, letters)}.com` }),
    )
    expect(named(await signals(packets))).toEqual([])
  })
})

test('forty readable names that do not exist are told of with less certainty', async () => {
  const ends = ['shop', 'news', 'bank', 'mail', 'home', 'land', 'ware', 'tech', 'line', 'work']
  const starts = ['green', 'silver', 'river', 'golden']
  const packets = many(40, i =>
    resolved({ at: i * 5, name: `${starts[Math.floor(i / 10)]}${ends[i % 10]}.com` }),
  )
  const [told] = named(await signals(packets))
  expect(told?.score).toBeLessThan(0.7)
  expect(told?.evidence['domains']).toBe(40)
})
