import { expect, test } from 'vitest'
import { address, client, many, resolved, visit } from './names.ts'
import { signals } from './replayed.ts'

const day = 86_400
const named = (told: Awaited<ReturnType<typeof signals>>) =>
  told.map(one => one.orthrus.signal).filter(one => one.name === 'dns-less')

/** Days of a client that resolves what it visits. */
const ordinary = many(60, i => {
  const name = `www${i % 15}.example.com`
  const ip = `198.51.100.${(i % 15) + 1}`
  return [
    ...resolved({ at: i * 4320, name }, [address(name, ip)]),
    ...visit(i * 4320 + 1, ip, 30_000 + i),
  ]
})
const detectors = { 'dns-less': { learning: '2d' } }

test('an address that a client never resolved, after days of names', async () => {
  const told = named(
    await signals([...ordinary, ...visit(3 * day + 10, '203.0.113.66', 50_000)], { detectors }),
  )
  expect(told).toMatchObject([{ entity: client, evidence: { share: expect.closeTo(0.98, 2) } }])
})

test('a second conversation with it is not told again', async () => {
  const packets = [
    ...ordinary,
    ...visit(3 * day + 10, '203.0.113.66', 50_000),
    ...visit(3 * day + 900, '203.0.113.66', 50_001),
  ]
  expect(named(await signals(packets, { detectors }))).toHaveLength(1)
})

test.each([
  ['while it is watched', [...ordinary, ...visit(day, '203.0.113.66', 50_000)]],
  [
    'of a client that goes by addresses',
    [
      ...many(60, i => visit(i * 4320, `198.51.100.${i + 1}`, 30_000 + i)),
      ...visit(3 * day, '203.0.113.66', 50_000),
    ],
  ],
  ['inside the network', [...ordinary, ...visit(3 * day + 10, '192.168.1.77', 50_000)]],
])('not %s', async (_, packets) => {
  expect(named(await signals(packets, { detectors }))).toEqual([])
})

test('learns for as long as the run says', async () => {
  const packets = [...ordinary, ...visit(3 * day + 10, '203.0.113.66', 50_000)]
  expect(named(await signals(packets, { learn: 4 * day * 1e6 }))).toEqual([])
  expect(named(await signals(packets, { learn: 2 * day * 1e6 }))).toHaveLength(1)
})
