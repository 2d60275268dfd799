import { expect, test } from 'vitest'
import { type DnsRecord } from '../generate/dns.ts'
import { address, client, many, resolved } from './names.ts'
import { alerts, signalsOf } from './replayed.ts'

const name = 'www.example.com'
const ttlOf = signalsOf('dns-ttl')
const answered = (answers: readonly DnsRecord[], at = 0, asked = name) =>
  resolved({ at, name: asked }, answers)

/** A name that is elsewhere each time. */
const moving = (ttl: number, each = 1) =>
  many(20, i =>
    answered(
      Array.from({ length: each }, (_, at) => address(name, `93.184.${i}.${at + 1}`, ttl)),
      i * 60,
    ),
  )
const titles = async (packets: Parameters<typeof alerts>[0]) =>
  (await alerts(packets)).map(({ rule }) => rule.name)
const title = 'DNS Answer With an Impossible or Fleeting Time to Live'

test('a time to live that the standard forbids', async () => {
  const packets = answered([address(name, '93.184.216.34', 2 ** 31)])
  const [told, ...more] = await ttlOf(packets)
  expect(told?.orthrus.signal).toMatchObject({
    name: 'dns-ttl',
    entity: client,
    score: 0.6,
    evidence: { kind: 'beyond', domain: 'example.com', ttl: 2 ** 31 },
  })
  expect(more).toEqual([])
  expect(await titles(packets)).toContain(title)
})

test('a name that may not be kept and is elsewhere each time, once a day', async () => {
  const told = await ttlOf(moving(0))
  expect(told.map(({ orthrus }) => orthrus.signal.evidence)).toMatchObject([
    { kind: 'fleeting', domain: 'example.com', addresses: 12, answers: 12 },
  ])
  expect(await titles(moving(0))).toContain(title)
})

test('records that go together and live differently are a hint, and no alert', async () => {
  const packets = answered([
    address(name, '93.184.216.34', 300),
    address(name, '93.184.216.35', 60),
  ])
  expect((await ttlOf(packets)).map(({ orthrus }) => orthrus.signal)).toMatchObject([
    { score: 0.3, evidence: { kind: 'unequal', ttl: 300, shortest: 60 } },
  ])
  expect(await titles(packets)).not.toContain(title)
})

test.each([
  ['the longest time that there is', answered([address(name, '93.184.216.34', 2 ** 31 - 1)])],
  ['a name that moves, and may be kept for a minute', moving(60)],
  ['one answer with a list', answered(Array.from({ length: 16 }, (_, i) => at(i)))],
  [
    'an alias that lives longer than its target',
    answered([
      { name, type: 'CNAME', ttl: 3600, data: 'edge.example.net' },
      address('edge.example.net', '93.184.216.34', 20),
    ]),
  ],
  [
    'a second of rounding',
    answered([address(name, '93.184.216.34', 300), address(name, '93.184.216.35', 299)]),
  ],
  [
    'a name of this network',
    answered([address('printer.lan', '192.168.1.9', 0)], 0, 'printer.lan'),
  ],
])('not %s', async (_, packets) => {
  expect(await ttlOf(packets)).toEqual([])
})

function at(index: number): DnsRecord {
  return address(name, `93.184.216.${index + 1}`, 0)
}
