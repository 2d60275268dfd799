import { expect, test } from 'vitest'
import { address, client, resolved } from './names.ts'
import { alerts, signals } from './replayed.ts'

const name = 'page.example.com'
const answered = (at: number, ip: string, ttl = 1) =>
  resolved({ at, name }, [address(name, ip, ttl)])
const named = (told: Awaited<ReturnType<typeof signals>>) =>
  told.map(one => one.orthrus.signal).filter(one => one.name === 'dns-rebinding')

test('a public name that becomes the router', async () => {
  const packets = [...answered(0, '203.0.113.5'), ...answered(30, '192.168.1.1')]
  expect(named(await signals(packets))).toMatchObject([
    { entity: client, score: 0.9, evidence: { was: '203.0.113.5', now: '192.168.1.1', ttl: 1 } },
  ])
  const told = await alerts(packets)
  expect(told.map(({ rule }) => rule.name)).toEqual(['DNS Rebinding'])
})

test.each(['127.0.0.1', '169.254.169.254', '10.0.0.8', '172.20.0.1', '100.64.0.9'])(
  'also towards %s',
  async inside => {
    const packets = [...answered(0, '203.0.113.5'), ...answered(30, inside)]
    expect(named(await signals(packets))).toHaveLength(1)
  },
)

test.each([
  ['a name that was always private', ['192.168.1.5', '192.168.1.6']],
  ['a name that is blocked with 0.0.0.0', ['203.0.113.5', '0.0.0.0']],
  ['a name that moves in the internet', ['203.0.113.5', '198.51.100.7']],
])('%s is no rebinding', async (_, addresses) => {
  const packets = addresses.flatMap((ip, i) => answered(i * 30, ip))
  expect(named(await signals(packets))).toEqual([])
})

test('a name that moved inside hours later is no rebinding', async () => {
  const packets = [...answered(0, '203.0.113.5'), ...answered(7300, '192.168.1.5')]
  expect(named(await signals(packets))).toEqual([])
})
